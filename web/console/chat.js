// The chat: the transcript, what is in work behind it, and one answer at a time read along.

import { announcer } from "./announce.js";
import { byId, el } from "./dom.js";
import { saidIn } from "./said.js";
import { events } from "./stream.js";
import { Turn } from "./turn.js";
import { counted, stateName } from "./words.js";

const PAGE = 200; // messages at a time
const OVER = ["completed", "incomplete", "failed", "cancelled"];

export class Chat {
  /** Tells when a message was `accepted`, when the history may have `changed`, and what `troubled` it, or null. */
  constructor(name, api, { accepted, changed, troubled }) {
    Object.assign(this, { name, api, accepted, changed, troubled });
    this.said = saidIn(name);
    this.list = byId("turns");
    this.scroll = byId("scroll");
    this.messages = []; // of the transcript, in order, without gaps
    this.degraded = []; // turns that were answered in an outage, and are not in the transcript yet
    this.sending = 0;
    this.posted = Promise.resolve(); // with the last message that was said
    this.waiting = []; // {id, turn}, in the order in which they will be answered
    this.divider = el("li", { class: "divider", hidden: true });
    byId("earlier").addEventListener("click", () => this.earlier());
  }

  /** Show the transcript's end, and take up what is in work. `state` is null for a session that has not begun. */
  async open(state) {
    if (state) await this.#read(Math.max(0, state.messages - PAGE));
    const pending = state?.pending ?? [];
    for (const id of pending) this.#queue(id, this.said.text(id));
    const failed = (state?.replies ?? []).filter((each) => ["failed", "cancelled"].includes(each.status));
    const lastAt = this.messages.at(-1)?.ts ?? "";
    const again = failed.filter((each) => each.finished_at > lastAt && this.said.text(each.id) !== null).reverse();
    this.said.only([...pending, ...again.map((each) => each.id)]);
    for (const each of again) {
      const turn = this.#add(this.said.text(each.id));
      this.#finish(turn, await this.api.reply(each.id));
    }
    byId("welcome").hidden = this.list.childElementCount > 0;
    this.#toEnd(true);
    this.#follow();
  }

  /** Post a message. */
  async say(text) {
    const turn = this.#add(text);
    turn.begin("sending");
    this.#toEnd(true);
    this.sending += 1;
    try {
      const accepted = await this.#postInOrder(text).finally(() => {
        this.sending -= 1;
      });
      this.troubled(null);
      if (OVER.includes(accepted.status)) {
        this.#finish(turn, accepted);
        this.accepted();
        this.changed();
        return;
      }
      turn.begin("queued", accepted);
      this.said.keep(accepted.id, text);
      this.waiting.push({ id: accepted.id, turn });
      this.accepted();
      this.#follow();
    } catch (problem) {
      turn.begin("failed");
      turn.mark("failed", [problem.message]);
      turn.offer("Send again", () => this.#again(turn));
    }
  }

  /** Give up the answer that is in work, or the next one. */
  async cancel() {
    const [first] = this.waiting;
    if (first) await this.api.cancel(first.id).catch(this.troubled);
  }

  /** Whether anything that was said here has not ended yet. */
  get busy() {
    return this.waiting.length + this.sending > 0;
  }

  /** Draw the line between what the model has as chapters and what it has word for word. */
  divide(watermark) {
    const turns = [...this.list.querySelectorAll(".turn")];
    for (const turn of turns) turn.classList.toggle("covered", Number(turn.dataset.seq || Infinity) <= watermark);
    const first = turns.find((turn) => !turn.classList.contains("covered"));
    this.divider.hidden = !watermark || !turns.length || first === turns[0];
    this.divider.replaceChildren(el("span", {}, `Up to here in chapters · ${counted(watermark, "message")}`));
    if (this.divider.nextElementSibling !== first || !this.divider.isConnected) this.list.insertBefore(this.divider, first ?? null);
  }

  /** Read what the transcript has behind the last message, and show what others have said. */
  async catchUp() {
    const page = await this.api.transcript(this.messages.at(-1)?.seq ?? 0, PAGE);
    this.messages.push(...page.messages);
    if (this.busy) return; // what is in work here will tell its own end
    const shown = new Map([...this.list.querySelectorAll("[data-seq]")].map((each) => [Number(each.dataset.seq), each]));
    for (const user of this.messages.filter(({ role, seq }) => role === "user" && !shown.has(seq))) {
      this.#takeBack(user.text);
      const next = [...shown.keys()].filter((seq) => seq > user.seq).sort((one, other) => one - other)[0];
      this.list.insertBefore(this.#told(user, this.messages).element, shown.get(next) ?? null);
    }
    byId("welcome").hidden = this.list.childElementCount > 0;
  }

  /** Read the messages before those that are shown. */
  async earlier() {
    const first = this.messages[0].seq;
    await this.#read(Math.max(0, first - 1 - PAGE), first - 1);
    this.changed();
  }

  async #read(after, upTo = Infinity) {
    const page = await this.api.transcript(after, Math.min(PAGE, upTo - after));
    const { scrollHeight } = this.scroll;
    this.messages.unshift(...page.messages);
    const turns = page.messages.filter(({ role }) => role === "user").map((user) => this.#told(user, page.messages));
    this.list.prepend(...turns.map((turn) => turn.element));
    byId("earlier").hidden = after === 0;
    this.scroll.scrollTop += this.scroll.scrollHeight - scrollHeight;
  }

  // What was answered without its history has come into it: it is shown where it stands there.
  #takeBack(text) {
    const at = this.degraded.findIndex((turn) => turn.text === text);
    if (at >= 0) this.degraded.splice(at, 1)[0].element.remove();
  }

  #told(user, messages) {
    const turn = new Turn(this.api.media);
    turn.told(user, messages.find((message) => message.seq === user.seq + 1) ?? { parts: [] });
    turn.element.dataset.seq = user.seq;
    return turn;
  }

  #add(text) {
    const turn = new Turn(this.api.media);
    turn.ask(text);
    turn.onDraw = () => this.#toEnd(false);
    this.list.append(turn.element);
    byId("welcome").hidden = true;
    return turn;
  }

  #queue(id, text) {
    const turn = this.#add(text);
    turn.begin("queued", { position: this.waiting.length });
    this.waiting.push({ id, turn });
  }

  // Each when the one before it was accepted, or they might be accepted the other way round.
  #postInOrder(text) {
    const posted = this.posted.then(() => this.#post(text));
    this.posted = posted.catch(() => null);
    return posted;
  }

  // With one key for all tries, a message whose answer was lost is said once.
  async #post(text) {
    const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.api.post(text, key);
      } catch (problem) {
        if (!problem.passing || problem.status === 429 || tries === 4) throw problem;
        this.troubled(problem);
        await new Promise((resolve) => setTimeout(resolve, 1000 * (problem.delay ?? 1)));
      }
    }
  }

  async #follow() {
    if (this.following) return;
    this.following = true;
    while (this.waiting.length) {
      const [{ id, turn }] = this.waiting;
      try {
        await this.#along(id, turn);
      } catch (problem) {
        turn.mark("failed", [problem.message]);
      }
      this.waiting.shift();
      this.changed();
    }
    this.following = false;
  }

  async #along(id, turn) {
    const told = announcer();
    const ear = new AbortController();
    for await (const { kind, data } of events(this.api.events(id), ear.signal)) {
      if (kind === "broken") {
        this.troubled(data);
        continue;
      }
      this.troubled(null);
      if (kind === "status") {
        turn.begin(data.status, data);
        told.void();
      } else if (kind === "delta") turn.hear(data);
      else if (kind === "part") turn.hear(data);
      else if (["done", "error", "over"].includes(kind)) {
        const reply = kind === "over" || !data.id ? await this.api.reply(id) : data;
        this.#finish(turn, reply);
        told.ended(reply.text || (reply.error?.message ?? ""), stateName(reply.status));
      }
      if (kind === "delta") told.heard(turn.heard());
    }
  }

  #finish(turn, reply) {
    turn.finish(reply);
    if (reply.seq) {
      // The transcript may have been read between the commit and the news of it.
      this.list.querySelector(`[data-seq="${reply.seq}"]`)?.remove();
      turn.element.dataset.seq = reply.seq;
    }
    if (reply.degraded) this.degraded.push(turn);
    const again = turn.text !== null && (reply.status === "cancelled" || reply.error?.retryable);
    if (again) turn.offer("Send again", () => this.#again(turn));
    this.#toEnd(false);
  }

  #again(turn) {
    turn.element.remove();
    this.say(turn.text);
  }

  // Who has scrolled up to read is left there.
  #toEnd(always) {
    const { scrollTop, scrollHeight, clientHeight } = this.scroll;
    if (always || scrollHeight - scrollTop - clientHeight < 160) this.scroll.scrollTop = scrollHeight;
  }
}
