// One turn on the page: what was said, what is answered, and how far that has come.

import { el } from "./dom.js";
import { shownParts } from "./parts.js";
import { prose } from "./prose.js";
import { counted, number, span, stateName } from "./words.js";

const plain = (text) => [{ text }];

export class Turn {
  /** `media` fetches the bytes that a message refers to. */
  constructor(media) {
    this.media = media;
    this.said = el("div", { class: "said" });
    this.answer = el("div", { class: "said" });
    this.state = el("p", { class: "state" });
    this.asked = el("article", { class: "message user", "aria-label": "You" }, el("p", { class: "who", "aria-hidden": "true" }, "You"), this.said);
    this.answered = el("article", { class: "message model", "aria-label": "Model" }, el("p", { class: "who", "aria-hidden": "true" }, "Model"), el("div", {}, this.answer, this.state));
    this.element = el("li", { class: "turn" }, this.asked, this.answered);
    this.seq = null;
  }

  /** Show what was said; null where it was said elsewhere and cannot be known yet. */
  ask(text, parts = null) {
    this.text = text;
    const shown = text === null ? [el("p", { class: "hint" }, "Said elsewhere.")] : shownParts(parts ?? plain(text), this.media);
    this.said.replaceChildren(...shown);
  }

  /** Show a turn as the transcript has it. */
  told(user, model) {
    this.seq = user.seq;
    this.ask(user.text, user.parts);
    this.answer.replaceChildren(...shownParts(model.parts, this.media));
    this.end("completed", [model.usage && tokens(model.usage), model.model, model.recovered && "said in an outage"]);
  }

  /** Show that the answer begins, or begins anew: what came before is void. */
  begin(status, { attempt = 0, position = null } = {}) {
    this.parts = [];
    this.answer.replaceChildren();
    const notes = [position > 0 && `${counted(position, "turn")} before it`, attempt > 1 && `attempt ${attempt}`];
    this.mark(status, notes);
  }

  /** Take up a delta, or a whole part. */
  hear(part) {
    const last = this.parts.at(-1);
    if (typeof part.text === "string" && typeof last?.text === "string" && !last.thought === !part.thought) last.text += part.text;
    else this.parts.push({ ...part });
    this.mark("in_progress");
    // Drawn once a frame, however many words come in it.
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      this.answer.replaceChildren(...shownParts(this.parts, this.media));
      this.onDraw?.();
    });
  }

  heard() {
    return (this.parts ?? []).map((part) => (part.thought ? "" : (part.text ?? ""))).join("");
  }

  /** Show an ended reply. */
  finish(reply) {
    cancelAnimationFrame(this.drawing ?? 0);
    this.drawing = null;
    this.seq = reply.seq;
    this.answer.replaceChildren(...shownParts(reply.parts, this.media));
    if (reply.error) this.answer.append(...prose(reply.error.message).map((block) => (block.classList.add("why"), block)));
    const took = reply.finished_at && (new Date(reply.finished_at) - new Date(reply.created_at)) / 1000;
    this.end(reply.status, [
      took && span(took),
      reply.attempts > 1 && counted(reply.attempts, "attempt"),
      reply.usage && tokens(reply.usage),
      reply.error ? reply.error.code : reply.model,
      reply.degraded && "without its history",
    ]);
    this.element.classList.toggle("degraded", Boolean(reply.degraded));
  }

  end(status, notes) {
    this.mark(status, notes);
  }

  /** Show the state in words, with what there is to say of it. */
  mark(status, notes = null) {
    if (this.status === status && notes === null) return;
    this.status = status;
    this.element.dataset.state = status;
    const words = (notes ?? []).filter(Boolean).join(" · ");
    this.state.replaceChildren(el("span", { class: "name" }, stateName(status)), words && ` · ${words}`);
  }

  /** Offer something to do beneath the answer. */
  offer(label, act) {
    this.state.append(" ", el("button", { type: "button", class: "quiet", onclick: act }, label));
  }
}

const tokens = (usage) => `${number(usage.prompt_tokens)} → ${number(usage.output_tokens)} tokens`;
