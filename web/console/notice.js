// One line above everything, while something is wrong; and what was just done, for a while.

import { byId } from "./dom.js";

let wrong = "";
let passing = "";
let timer;

function show() {
  const text = passing || wrong;
  const line = byId("notice");
  if (line.textContent !== text) line.textContent = text;
  line.hidden = !text;
  line.classList.toggle("wrong", !passing && Boolean(wrong));
}

/** Tell of a problem as long as it lasts; null: there is none any more. */
export function troubled(problem) {
  if (problem === null) wrong = "";
  else if (problem.status === 0) wrong = "The server cannot be reached. Trying again.";
  else if (problem.status === 503) wrong = "The history store is down. What was said is kept; answers come without it until it is back.";
  else return told(problem.message);
  return show();
}

/** Tell of something that has happened. */
export function told(text) {
  passing = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    passing = "";
    show();
  }, 6000);
  show();
}
