// The budget over time: the context's tokens after each turn, and how they drop at each compaction.

import { byId, el, refill, svg } from "./dom.js";
import { counted, number } from "./words.js";

const HEIGHT = 116;
const TOP = 18;
const BOTTOM = 2;

/** Give the sizes of the context by turn, from the transcript's messages, and as it is now. */
export function sizes(messages, now) {
  const turns = messages
    .filter((message) => message.role === "model" && message.usage?.prompt_tokens)
    .map((message) => ({ seq: message.seq, tokens: message.usage.prompt_tokens + (message.usage.output_tokens ?? 0), before: message.usage.prompt_tokens }));
  if (turns.length) turns.push({ seq: null, tokens: now, before: now });
  return turns.map((turn, at) => ({
    ...turn,
    // A context only grows, but for compactions: where it is smaller than before, there was one.
    dropped: at > 0 && turn.before < 0.9 * turns[at - 1].tokens ? turns[at - 1].tokens - turn.before : 0,
  }));
}

/** Draw them, as wide as there is room. */
export function drawChart(messages, state) {
  const figure = byId("chart");
  const turns = sizes(messages, state.context_tokens);
  const width = byId("budget").clientWidth; // 0 where a phone shows the chat
  figure.hidden = turns.length < 3 || !width;
  if (figure.hidden) return;
  const due = state.budget.context_tokens;
  const highest = Math.max(...turns.map((turn) => turn.tokens));
  const showsDue = due < highest * 2;
  const top = Math.max(highest, showsDue ? due : 0);
  const x = (at) => (at * width) / turns.length;
  const y = (tokens) => HEIGHT - BOTTOM - (tokens / top) * (HEIGHT - BOTTOM - TOP);
  const drops = turns.filter((turn) => turn.dropped).length;
  const label = `The context after each of the last ${number(turns.length - 1)} turns: at most ${number(highest)} tokens, now ${number(state.context_tokens)}; it dropped at ${counted(drops, "compaction")}.`;
  const outline = turns.map((turn, at) => `${at ? "L" : "M"}${x(at).toFixed(1)} ${y(turn.tokens).toFixed(1)}H${x(at + 1).toFixed(1)}`).join("");
  refill(
    figure,
    svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": label },
      svg("path", { class: "area", d: `${outline}V${HEIGHT}H0Z` }),
      svg("path", { class: "line", d: outline }),
      turns.map((turn, at) => turn.dropped && svg("g", { class: "drop" },
        svg("line", { x1: x(at), x2: x(at), y1: y(turns[at - 1].tokens), y2: y(turn.before) }),
        svg("circle", { cx: x(at), cy: y(turn.before), r: 2.6 }))),
      showsDue && svg("line", { class: "limit", x1: 0, x2: width, y1: y(due), y2: y(due) }),
      showsDue && svg("text", { x: 0, y: y(due) - 5 }, `due at ${number(due)}`),
      turns.map((turn, at) => svg("rect", { class: "column", x: x(at), y: 0, width: width / turns.length, height: HEIGHT },
        svg("title", {}, columnTitle(turn))))),
    el("figcaption", {}, `${counted(turns.length - 1, "turn")}, ${counted(drops, "compaction")}`),
  );
}

function columnTitle(turn) {
  const drop = turn.dropped ? `, ${number(turn.dropped)} fewer by a compaction` : "";
  return turn.seq ? `Message ${turn.seq}: ${number(turn.tokens)} tokens${drop}` : `Now: ${number(turn.tokens)} tokens${drop}`;
}
