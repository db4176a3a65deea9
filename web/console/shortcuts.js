// Shortcuts, all with Alt: single letters would get in the way of who dictates.

import { byId, el, refill } from "./dom.js";

/** Bind {code: [what it does in words, act]} to Alt and a key, and list them with the others in the dialog. */
export function shortcuts(bound) {
  const dialog = byId("shortcuts");
  const all = { ...bound, KeyK: ["These keys", () => dialog.showModal()] };
  document.addEventListener("keydown", (event) => {
    const found = event.altKey && !event.ctrlKey && !event.metaKey && all[event.code];
    if (!found || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    found[1]();
  });
  const line = (words, ...keys) => [el("dt", {}, keys.map((key) => el("kbd", {}, key))), el("dd", {}, words)];
  refill(
    byId("shortcut-list"),
    line("Send", "Enter"),
    line("New line", "Shift", "Enter"),
    line("Cancel the answer", "Esc"),
    Object.entries(all).flatMap(([code, [words]]) => line(words, "Alt", code.replace("Key", ""))),
  );
  byId("show-shortcuts").addEventListener("click", () => dialog.showModal());
}
