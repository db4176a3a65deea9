// Numbers, times and states in words.

const whole = new Intl.NumberFormat("en");

export const number = (value) => (value === null || value === undefined ? "–" : whole.format(value));

export const counted = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** A span of time, from seconds: 840 ms, 3.2 s, 4 min, 2 h. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** The clock's time of an RFC 3339 time, with the day when it is another one. */
export function clock(time) {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  const hours = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return today ? hours : `${at.toLocaleDateString([], { day: "numeric", month: "short" })}, ${hours}`;
}

const STATES = {
  sending: "Sending",
  queued: "Waiting",
  in_progress: "Answering",
  completed: "Completed",
  incomplete: "Cut off",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const stateName = (status) => STATES[status] ?? status;
