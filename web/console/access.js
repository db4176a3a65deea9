// The API key: asked for when the server wants one, and kept in this tab.

import { byId } from "./dom.js";

const PLACE = "backscroll.key";
let asking = null;

/** The header that goes with each request. */
export function authorization() {
  const key = sessionStorage.getItem(PLACE);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Ask for a key, once for all requests that were refused. Resolves to whether one was given. */
export function askForKey(refused) {
  if (refused !== (authorization().Authorization ?? null)) return Promise.resolve(true); // given meanwhile
  asking ??= new Promise((resolve) => {
    const dialog = byId("key");
    const field = byId("key-value");
    let given = false;
    byId("key-form").addEventListener("submit", () => {
      sessionStorage.setItem(PLACE, field.value.trim());
      field.value = "";
      given = true;
    }, { once: true });
    dialog.addEventListener("close", () => {
      asking = null;
      resolve(given);
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}
