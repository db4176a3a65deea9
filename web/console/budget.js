// The token budget as a bar: what of it chapters take, what all the rest; and the live turns, each a mark.

import { byId, el, refill } from "./dom.js";
import { counted, number } from "./words.js";

/** Draw the budget of a session's state. */
export function drawBudget(state) {
  const { context_tokens: tokens, budget } = state;
  const chapters = Math.min(tokens, state.chapters.reduce((sum, chapter) => sum + chapter.tokens_after, 0));
  const rest = tokens - chapters;
  const due = budget.context_tokens;
  const most = tokens <= due ? due : Math.max(budget.ceiling_tokens, tokens);
  if (!byId("bar-chapters")) build();
  byId("tokens").textContent = number(tokens);
  byId("tokens-of").textContent = `of ${number(due)} tokens`;
  byId("bar-chapters").style.width = `${(100 * chapters) / most}%`;
  byId("bar-rest").style.width = `${(100 * rest) / most}%`;
  byId("bar-due").hidden = most === due;
  byId("bar-due").style.left = `${(100 * due) / most}%`;
  const meter = byId("bar");
  meter.setAttribute("aria-valuemax", most);
  meter.setAttribute("aria-valuenow", tokens);
  meter.setAttribute("aria-valuetext", `${number(tokens)} tokens; a compaction is due above ${number(due)}, and no request has more than ${number(budget.ceiling_tokens)}`);
  refill(
    byId("bar-legend"),
    el("li", { class: "of-chapters" }, `Chapters ${number(chapters)}`),
    el("li", { class: "of-rest" }, `Ledger and live ${number(rest)}`),
    el("li", {}, `Ceiling ${number(budget.ceiling_tokens)}`),
  );
  drawTurns(Math.round((state.messages - state.watermark) / 2), budget.trigger_turns);
  byId("glance-text").textContent = `Context ${number(tokens)} of ${number(due)} tokens`;
  byId("glance-fill").style.width = `${Math.min(100, (100 * tokens) / due)}%`;
}

function build() {
  refill(
    byId("budget"),
    el("p", { class: "figure" }, el("span", { id: "tokens" }), " ", el("span", { class: "of", id: "tokens-of" })),
    el("div", { class: "bar", id: "bar", role: "meter", "aria-label": "Tokens of the context", "aria-valuemin": "0" },
      el("span", { class: "fill of-chapters", id: "bar-chapters" }),
      el("span", { class: "fill of-rest", id: "bar-rest" }),
      el("span", { class: "due", id: "bar-due" })),
    el("ul", { class: "legend", id: "bar-legend" }),
    el("div", { class: "ticks", id: "ticks" }),
  );
}

function drawTurns(live, trigger) {
  if (!trigger) return refill(byId("ticks"));
  const marks = Array.from({ length: Math.max(live, trigger) }, (_, at) =>
    el("span", { class: at >= trigger ? "mark over" : at < live ? "mark on" : "mark" }));
  return refill(
    byId("ticks"),
    el("span", { class: "marks", "aria-hidden": "true" }, marks.slice(0, 60)),
    el("span", { class: "marks-text" }, `${counted(live, "live turn")}; above ${number(trigger)} a compaction is due`),
  );
}
