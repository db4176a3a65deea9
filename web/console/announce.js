// What a screen reader hears of an answer that is being written: whole sentences now and then, not every word.

import { byId } from "./dom.js";

const PAUSE = 3000;
const SENTENCES = /^[\s\S]*[.!?:。！？](?=\s|$)/;

const say = (text) => {
  byId("heard").textContent = text;
};

/** Begin to tell of one answer. */
export function announcer() {
  let told = 0;
  let last = Date.now();
  return {
    heard(text) {
      if (Date.now() - last < PAUSE) return;
      const whole = SENTENCES.exec(text.slice(told))?.[0] ?? "";
      if (!whole.trim()) return;
      say(whole);
      told += whole.length;
      last = Date.now();
    },
    void() {
      told = 0;
    },
    ended: (text, state) => say(`${text.slice(told)} ${state}.`),
  };
}
