// What the page is made of, put together.

import { offerActions } from "./actions.js";
import { Problem, sessionApi } from "./api.js";
import { drawBudget } from "./budget.js";
import { drawChart } from "./chart.js";
import { Chat } from "./chat.js";
import { compose, showBusy } from "./compose.js";
import { drawContext } from "./context.js";
import { byId } from "./dom.js";
import { told, troubled } from "./notice.js";
import { drawOperators } from "./operators.js";
import { polling } from "./polling.js";
import { begin, openSession } from "./session.js";
import { shortcuts } from "./shortcuts.js";
import { tabs } from "./tabs.js";

const BACK = 3000; // until what is away is back
const SOON = 1000; // while a compaction is due, at first
const LATER = 20_000; // others may talk in the same session

const { name, begun } = openSession();
const api = sessionApi(name);
let state = null;
let view = "conversation";
let there = begun; // whether it is worth while to ask for it
let seen = null; // what the page was drawn from
let pause = SOON;
let lost = false; // the last look failed

const missing = (error) => {
  if (error instanceof Problem && error.status === 404) return null; // it has not begun yet
  throw error;
};

const readState = async () => (there ? api.state().catch(missing) : null);

async function look() {
  showBusy(chat.busy);
  try {
    state = await readState();
    lost = false;
    byId("context").classList.toggle("empty", !state);
    if (!state) return;
    const now = JSON.stringify([state.messages, state.watermark, state.context_tokens, state.chapters.length, state.compaction]);
    pause = now === seen ? Math.min(1.5 * pause, LATER) : SOON; // one that is refused may be due for an hour
    if (now === seen) return troubled(null);
    const [context] = await Promise.all([api.context(), chat.catchUp()]);
    seen = now;
    drawBudget(state);
    drawChart(chat.messages, state);
    drawContext(state, context);
    chat.divide(state.watermark);
    troubled(null);
  } catch (problem) {
    lost = true;
    seen = null;
    troubled(problem);
  }
}

function sessionIsThere() {
  if (!there) begin();
  there = true;
  showBusy(chat.busy);
}

const chat = new Chat(name, api, {
  accepted: sessionIsThere,
  changed: () => {
    showBusy(chat.busy);
    return sight.now();
  },
  troubled,
});
// What is in work tells by itself how far it is.
const sight = polling(look, () => (view !== "conversation" ? null : lost ? BACK : state?.compaction === "due" ? pause : LATER));
const deployment = polling(async () => drawOperators(await readState().catch(() => null)), () => (view === "operators" ? 3000 : null));

const show = tabs((opened) => {
  view = opened;
  if (opened === "operators") deployment.now();
  else sight.plan();
});

compose({
  say: (text) => chat.say(text),
  cancel: () => chat.cancel(),
});
offerActions(api, {
  state: () => state,
  changed: () => {
    sessionIsThere();
    return sight.now();
  },
  troubled,
  told,
});

function toggleContext() {
  const open = byId("toggle-context").getAttribute("aria-expanded") !== "true";
  byId("toggle-context").setAttribute("aria-expanded", String(open));
  byId("conversation").classList.toggle("showing-context", open);
  if (state) drawChart(chat.messages, state);
}
byId("toggle-context").addEventListener("click", toggleContext);
new ResizeObserver(() => state && drawChart(chat.messages, state)).observe(byId("context"));

function goTo(id) {
  show("conversation");
  if (!byId(id).offsetParent) toggleContext(); // a phone shows one of the two
  byId(id).focus();
}

shortcuts({
  KeyM: ["To the message field", () => goTo("say")],
  KeyC: ["To what the model sees", () => goTo("context")],
  KeyO: ["Operators", () => show("operators", true)],
  KeyN: ["A new session", () => byId("new-session").click()],
});

try {
  state = await readState();
  await chat.open(state);
} catch (problem) {
  troubled(problem);
}
await look();
sight.plan();
byId("say").focus();
