// What can be done to a session: compact it, bring its messages back, instruct it, erase it.

import { byId, el, refill } from "./dom.js";
import { counted } from "./words.js";

/** Make the buttons. `state` gives the session's state, or null; `changed` is called behind each change. */
export function offerActions(api, { state, changed, troubled, told }) {
  const attempt = (act) => async () => {
    try {
      await act();
      await changed();
    } catch (problem) {
      troubled(problem);
    }
  };
  const compact = attempt(async () => {
    await api.compact();
    told("A compaction was asked for.");
  });
  const restore = attempt(async () => {
    const found = await api.restore();
    told(found.messages_restored ? `${counted(found.messages_restored, "message")} brought back.` : `Nothing brought back: ${found.reason}.`);
  });
  const instruct = attempt(async () => {
    const settings = state()?.settings ?? {};
    byId("instruction-text").value = settings.system_instruction ?? "";
    if ((await answer("instruction")) !== "save") return;
    await api.configure({ ...settings, system_instruction: byId("instruction-text").value.trim() || null });
    told("The instruction holds from the next turn on.");
  });
  const erase = attempt(async () => {
    if ((await answer("erase")) !== "erase") return;
    await api.erase();
    location.reload();
  });
  const button = (label, act, kind = "quiet") => el("button", { type: "button", class: kind, onclick: act }, label);
  refill(byId("actions"), button("Compact now", compact, "quiet of-history"), button("Restore", restore, "quiet of-history"),
    button("Instruction", instruct), button("Erase", erase, "quiet danger of-history"));
}

/** Open a dialog and give the value of the button that closed it; '' when it was left with Escape. */
function answer(id) {
  const dialog = byId(id);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}
