// The two views, as tabs: arrow keys go from one to the other.

import { byId } from "./dom.js";

const VIEWS = ["conversation", "operators"];

/** Make the tabs work; `opened` is called with a view's name when it is shown. Gives what shows a view. */
export function tabs(opened) {
  const show = (name, focus = false) => {
    for (const view of VIEWS) {
      const tab = byId(`tab-${view}`);
      tab.setAttribute("aria-selected", String(view === name));
      tab.tabIndex = view === name ? 0 : -1;
      byId(view).hidden = view !== name;
      if (view === name && focus) tab.focus();
    }
    opened(name);
  };
  for (const [at, view] of VIEWS.entries()) {
    const tab = byId(`tab-${view}`);
    tab.addEventListener("click", () => show(view));
    tab.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step) show(VIEWS.at((at + step) % VIEWS.length), true);
    });
  }
  return show;
}
