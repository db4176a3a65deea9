// A reply's events as they come. A stream that breaks or falls silent is taken up behind its last event.
// fetch and not EventSource: that one cannot send a key.

import { Problem, request } from "./api.js";

const SILENCE = 45_000; // the server shows every 15 s that it is there
const PAUSES = [500, 1000, 2000, 4000, 8000];

/**
 * Give the events of the stream at `path`, {kind, data}, up to its end: `done`, `error`, or `over` where the
 * end was told before. Between them come {kind: "broken"} when the way to the server is interrupted.
 */
export async function* events(path, signal) {
  let last = null;
  let tries = 0;
  while (!signal.aborted) {
    try {
      for await (const event of connection(path, last, signal)) {
        tries = 0;
        last = event.id ?? last;
        yield event;
        if (["done", "error", "over"].includes(event.kind)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem) || !error.passing) throw error;
      yield { kind: "broken", data: error };
    }
    await pause(PAUSES[Math.min(tries, PAUSES.length - 1)], signal);
    tries += 1;
  }
}

async function* connection(path, last, signal) {
  const mine = new AbortController();
  const stop = () => mine.abort();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const headers = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
    const response = await request(path, { headers, signal: mine.signal });
    if (response.status === 204) {
      yield { kind: "over", data: null };
      return;
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (true) {
      const { value, done } = await within(SILENCE, reader.read());
      if (done) return;
      text += value;
      const frames = text.split("\n\n");
      text = frames.pop();
      for (const frame of frames) {
        const event = parse(frame);
        if (event) yield event;
      }
    }
  } catch (error) {
    throw error instanceof Problem || signal.aborted ? error : new Problem(0);
  } finally {
    signal.removeEventListener("abort", stop);
    mine.abort();
  }
}

function parse(frame) {
  const fields = {};
  for (const line of frame.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return fields.event && fields.data ? { id: fields.id, kind: fields.event, data: JSON.parse(fields.data) } : null;
}

function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Problem(0)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
