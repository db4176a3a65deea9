// Elements out of plain values. What anybody said becomes text nodes and never markup.

/** Find the element with this id, which the page has. */
export const byId = (id) => document.getElementById(id);

/** Make an element; `on…` attributes are listeners, `false`, `null` and `undefined` leave an attribute out. */
export function el(name, attributes = {}, ...children) {
  return dress(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function dress(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Put `children` in the place of what `parent` has, leaving what a reader has opened (by `data-key`) open. */
export function refill(parent, ...children) {
  const open = new Set([...parent.querySelectorAll("details[open][data-key]")].map((each) => each.dataset.key));
  parent.replaceChildren(...children.flat(Infinity).filter(Boolean));
  for (const each of parent.querySelectorAll("details[data-key]")) each.open = open.has(each.dataset.key);
}
