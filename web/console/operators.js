// The operators' view: what is down, what waits and for how long, who works, what it has cost.

import { deployment } from "./api.js";
import { byId, el, refill } from "./dom.js";
import { clock, counted, number, span } from "./words.js";

const DOWN = {
  store: "The history store is down: turns wait, or are answered without history.",
  broker: "The broker is down: turns are found by the workers' sweep.",
};

/** Look at the deployment, and draw it beside the `session`'s own queue (its state, or null). */
export async function drawOperators(session) {
  try {
    draw(await deployment(), session);
  } catch (problem) {
    draw({ down: ["web"], milliseconds: {}, work: null, queues: null, workers: null, totals: null, problem }, session);
  }
}

function draw(found, session) {
  refill(
    byId("operators"),
    el("div", { class: "sheet" },
      headline(found),
      found.work && el("dl", { class: "figures" },
        figure("Turns waiting", number(found.work.replies), `in ${counted(found.work.sessions, "session")}, ${number(found.work.locked)} in work`),
        figure("The oldest waits", span(found.work.oldest_reply), "since it was accepted"),
        figure("Compactions due", number(found.work.compactions), "or in work"),
        figure("Compaction lag", span(found.work.lag), "since the oldest was due"),
        figure("Store answers in", ms(found.milliseconds.store), "all shards in one round trip"),
        figure("Broker answers in", ms(found.milliseconds.broker), "to tell its queues")),
      queues(found.queues),
      workers(found.workers),
      totals(found.totals),
      session && own(session)),
  );
}

const ms = (value) => (value === null || value === undefined ? "–" : `${value} ms`);

const figure = (name, value, note) => el("div", {}, el("dt", {}, name), el("dd", {}, el("strong", {}, value), el("span", { class: "hint" }, note)));

function headline(found) {
  const silent = found.workers !== null && found.workers.length === 0;
  const missing = found.down.map((part) => DOWN[part] ?? found.problem.message);
  if (silent && !found.down.includes("broker")) missing.push("No worker answers: turns are accepted, and wait.");
  return el("div", { class: missing.length ? "headline wrong" : "headline" },
    el("h2", {}, missing.length ? "Degraded" : "All is up"),
    missing.length ? missing.map((line) => el("p", {}, line)) : el("p", {}, "History store, broker and workers answer."));
}

const table = (title, heads, rows) => [
  el("h3", {}, title),
  el("div", { class: "wide", role: "region", "aria-label": title, tabindex: "0" },
    el("table", {}, heads.length > 0 && el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, at) => el(at ? "td" : "th", at ? {} : { scope: "row" }, cell))))))),
];

function queues(found) {
  return found && table("Queues", [], Object.entries(found).map(([name, count]) => [name, `${counted(count, "doorbell")} that no worker has taken yet`]));
}

function workers(found) {
  if (found === null) return null;
  return table("Workers", ["Name", "Queues", "Version", "Clock"],
    found.map((worker) => [worker.name, worker.queues.join(", "), worker.version, `${skew(worker)}`]));
}

function skew(worker) {
  const seconds = (new Date(worker.clock) - new Date(worker.seen)) / 1000;
  return Math.abs(seconds) < 3 ? "in step" : `${span(Math.abs(seconds))} ${seconds < 0 ? "slow" : "fast"}`;
}

function totals(found) {
  if (!found) return null;
  const refused = Object.entries(found.refused).map(([reason, count]) => `${reason} ${number(count)}`).join(", ");
  return table("In all", [], [
    ["Measured turns", number(found.turns)],
    ["Tokens a turn", number(found.tokens_per_turn)],
    ["Compactions", number(found.compactions)],
    ["Summaries refused", refused || "none"],
    ["Tokens for summaries", `${number(found.summary_input_tokens)} read, ${number(found.summary_output_tokens)} written`],
    ["Tokens taken out of contexts", number(found.tokens_saved)],
  ]);
}

function own(state) {
  const took = state.replies.filter((reply) => reply.finished_at && reply.status === "completed")
    .map((reply) => (new Date(reply.finished_at) - new Date(reply.created_at)) / 1000).sort((one, other) => one - other);
  const at = (share) => span(took[Math.min(took.length - 1, Math.floor(share * took.length))]);
  return table(`Session ${state.session}`, [], [
    ["In its queue", state.pending.length ? `${number(state.pending.length)}${state.in_work ? ", the first in work" : ""}` : "nothing"],
    [`Its last ${counted(took.length, "answer")} took`, took.length ? `${at(0.5)} at the median, ${at(0.95)} at the 95th percentile` : "–"],
    ["Compaction", state.compaction],
    ["Begun", state.created_at ? clock(state.created_at) : "–"],
    ["Expires", `in ${span(state.expires_in)}`],
  ]);
}
