// An answer's text as paragraphs, lists, headings and code: as much of Markdown as answers need to be read.

import { el } from "./dom.js";

const INLINE = /(`[^`\n]+`)|\*\*([^*\n]+?)\*\*|(?<![\w*])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])/g;
const ITEM = /^\s*(?:[-*•]|(\d{1,3})[.)])\s+(.*)$/;
const QUOTED = /^>\s?/;
const HEADING = /^#{1,6}\s+(.*)$/;

/** Give the blocks of `text` as elements. */
export function prose(text) {
  const blocks = [];
  const pieces = text.split(/^```[^\n]*\n?/m);
  pieces.forEach((piece, index) => {
    if (index % 2) blocks.push(el("pre", { tabindex: "0" }, el("code", {}, piece.replace(/\n$/, ""))));
    else for (const block of piece.split(/\n{2,}/)) if (block.trim()) blocks.push(...paragraph(block.trim()));
  });
  return blocks;
}

function paragraph(block) {
  const quoted = block.split("\n").every((line) => QUOTED.test(line));
  if (quoted) return [el("blockquote", {}, paragraph(block.replace(/^>\s?/gm, "")))];
  const made = [];
  let lines = [];
  let list = null;
  const flush = () => {
    if (lines.length) made.push(el("p", {}, lines.flatMap((line, at) => (at ? [el("br"), ...inline(line)] : inline(line)))));
    lines = [];
  };
  for (const line of block.split("\n")) {
    const item = ITEM.exec(line);
    const heading = HEADING.exec(line);
    if (item) {
      flush();
      const kind = item[1] ? "ol" : "ul";
      if (list?.localName !== kind) made.push((list = el(kind, kind === "ol" && item[1] !== "1" ? { start: item[1] } : {})));
      list.append(el("li", {}, inline(item[2])));
      continue;
    }
    list = null;
    if (heading) {
      flush();
      made.push(el("p", { class: "heading" }, inline(heading[1])));
    } else lines.push(line);
  }
  flush();
  return made;
}

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    nodes.push(text.slice(from, found.index));
    if (found[1]) nodes.push(el("code", {}, found[1].slice(1, -1)));
    else nodes.push(el(found[2] ? "strong" : "em", {}, found[2] ?? found[3]));
    from = found.index + found[0].length;
  }
  return [...nodes, text.slice(from)].filter((node) => node !== "");
}
