// The session as the model sees it: chapters, ledger, live messages.

import { byId, el, refill } from "./dom.js";
import { prose } from "./prose.js";
import { clock, counted, number } from "./words.js";

/** Draw what the model is sent, and what becomes of it. */
export function drawContext(state, context) {
  drawCompaction(state);
  refill(byId("chapters"), section("Chapters", context.chapters.length, context.chapters.map(chapter)));
  refill(byId("ledger"), ledger(context.ledger));
  refill(byId("live"), section("Live messages", context.messages.length, el("ol", { class: "live" }, context.messages.map(liveMessage))));
}

function section(title, count, ...children) {
  return count ? [el("h3", {}, title, " ", el("span", { class: "count" }, number(count))), ...children] : [];
}

function drawCompaction(state) {
  const { refused, tokens_saved: saved, done } = state.compactions;
  const due = state.compaction === "due";
  const said = [
    due && "A compaction is due, and comes in the background",
    done > 0 && `${counted(done, "compaction")} took ${number(saved)} tokens out`,
    refused > 0 && `${counted(refused, "summary", "summaries")} refused`,
  ].filter(Boolean).join(". ");
  const place = byId("compaction");
  place.classList.toggle("due", due);
  // Only when it changes: it is read aloud.
  if (place.textContent !== said) place.textContent = said;
}

function chapter(found) {
  const share = found.tokens_before ? Math.round(100 * (1 - found.tokens_after / found.tokens_before)) : 0;
  return el("details", { class: "entry", "data-key": `chapter-${found.first}` },
    el("summary", {},
      el("span", { class: "range" }, `${found.first}–${found.last}`),
      el("span", { class: "sizes" }, `${number(found.tokens_before)} → ${number(found.tokens_after)} tokens`),
      el("span", { class: "share" }, share > 0 ? `−${share} %` : "")),
    el("div", { class: "inside" },
      prose(found.text),
      list("Decided", found.decisions),
      list("Open", found.open_tasks.map((task) => [task.task, task.owner, task.due].filter(Boolean).join(" · "))),
      list("Facts", found.facts),
      el("p", { class: "hint" }, [found.model, found.ts && clock(found.ts), found.level > 0 && `merged ${counted(found.level, "time")}`,
        found.gate.refused_before.length > 0 && `${counted(found.gate.refused_before.length, "try", "tries")} refused before`].filter(Boolean).join(" · "))));
}

function list(title, entries) {
  return entries.length ? [el("h4", {}, title), el("ul", {}, entries.map((entry) => el("li", {}, entry)))] : null;
}

function ledger(found) {
  const entries = found.entries.map((said) => el("li", {},
    el("span", { class: "seq" }, said.seq),
    el("span", {}, said.values.map((value) => [el("q", { class: "value", title: value.kind }, value.text), " "]).flat())));
  const tasks = found.open_tasks.map((task) => el("li", {}, el("span", { class: "seq" }, task.seq), el("span", {}, task.text)));
  if (!entries.length && !tasks.length) return [];
  return [
    el("h3", {}, "Ledger ", el("span", { class: "count" }, number(entries.length + tasks.length))),
    entries.length > 0 && el("details", { class: "entry", "data-key": "ledger-values" },
      el("summary", {}, el("span", {}, "Exact values"), el("span", { class: "sizes" }, counted(entries.length, "message"))),
      el("ul", { class: "values inside" }, entries)),
    tasks.length > 0 && el("details", { class: "entry", "data-key": "ledger-tasks" },
      el("summary", {}, el("span", {}, "Open tasks"), el("span", { class: "sizes" }, number(tasks.length))),
      el("ul", { class: "values inside" }, tasks)),
    found.dropped > 0 && el("p", { class: "hint" }, `${counted(found.dropped, "value")} left out, for want of room`),
  ];
}

function liveMessage(message) {
  const text = message.text || message.parts.map((part) => Object.keys(part)[0]).join(", ");
  return el("li", {}, el("span", { class: "seq" }, message.seq), el("span", { class: "role" }, message.role === "user" ? "You" : "Model"), el("span", { class: "line" }, text.slice(0, 160)));
}
