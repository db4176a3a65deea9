// The parts of a message: text, thoughts, pictures, and whatever else it has, as it is.

import { el } from "./dom.js";
import { prose } from "./prose.js";

/** Give the elements for `parts`. `media` fetches what only a reference stands for. */
export function shownParts(parts, media) {
  const shown = [];
  for (const part of parts) {
    if (part.thought) shown.push(el("details", { class: "thought" }, el("summary", {}, "Thought"), ...prose(part.text ?? "")));
    else if (typeof part.text === "string") shown.push(...prose(part.text));
    else if (part.inlineData?.mimeType?.startsWith("image/") && part.inlineData.sha256) shown.push(picture(part.inlineData, media));
    else shown.push(other(part));
  }
  return shown;
}

function picture(data, media) {
  const image = el("img", { class: "picture", alt: `A picture (${data.mimeType})` });
  media(data.sha256).then((blob) => {
    image.src = URL.createObjectURL(blob);
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  }, () => image.replaceWith(el("p", { class: "hint" }, "A picture that cannot be had any more.")));
  return image;
}

function other(part) {
  const kind = Object.keys(part).find((name) => typeof part[name] === "object") ?? "part";
  const title = kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return el("figure", { class: "other" }, el("figcaption", {}, title), el("pre", { tabindex: "0" }, JSON.stringify(part[kind] ?? part, null, 2)));
}
