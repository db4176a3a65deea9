// Which session the page is about: its name stands in the address.

import { byId } from "./dom.js";

const NAME = /^[A-Za-z0-9._~-]{1,128}$/;

const UNUSED = "backscroll.unused";

const addressOf = (name) => `?session=${encodeURIComponent(name)}`;

function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return `chat-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Give the session's name, a new one where the address has none, and let the header lead to others.
 * `begun` is false for a name that was made up here and that nobody has said anything in.
 */
export function openSession() {
  const asked = new URLSearchParams(location.search).get("session") ?? "";
  const name = NAME.test(asked) ? asked : fresh();
  if (name !== asked) sessionStorage.setItem(UNUSED, name);
  if (name !== asked) history.replaceState(null, "", addressOf(name));
  document.title = `${name} · Backscroll`;
  const field = byId("session-name");
  field.value = name;
  byId("session").addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = field.value.trim();
    const fits = NAME.test(wanted);
    field.setCustomValidity(fits ? "" : "Letters, digits, and . _ ~ - only");
    if (fits) location.assign(addressOf(wanted));
    else field.reportValidity();
  });
  field.addEventListener("input", () => field.setCustomValidity(""));
  return { name, begun: sessionStorage.getItem(UNUSED) !== name };
}

/** Remember that something was said in the session. */
export const begin = () => sessionStorage.removeItem(UNUSED);
