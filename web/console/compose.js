// Writing a message: the field grows with what is written, Enter sends it.

import { byId } from "./dom.js";

/** Let `say` have what is written, and `cancel` be called by Escape or the button. */
export function compose({ say, cancel }) {
  const field = byId("say");
  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  };
  const send = () => {
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    fit();
    say(text);
  };
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    // Enter that ends the input of a Chinese or Japanese word sends nothing.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  byId("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
    field.focus();
  });
  byId("cancel").addEventListener("click", () => {
    cancel();
    field.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) cancel();
  });
}

/** Show or take away the button that cancels. */
export function showBusy(busy) {
  byId("cancel").hidden = !busy;
}
