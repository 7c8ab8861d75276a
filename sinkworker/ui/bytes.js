// The bytes of a record: as text where they are one, and as they are.

import { h } from "./dom.js";

const MOST = 4096;

// data: base64, or null
export function bytes(data) {
  if (data === null) return h("span", { class: "quiet" }, "null");
  const all = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const size = h("span", { class: "quiet" }, `${all.length} byte(s)`);
  const text = read(all.subarray(0, MOST));
  return h("div", {}, size, text === null ? null : h("pre", { tabindex: 0 }, text),
    h("details", {}, h("summary", {}, "Hex"), h("pre", { tabindex: 0 }, hex(all.subarray(0, MOST)))));
}

function read(some) {
  try {
    // As a stream: a character that is cut at the end is no mistake.
    return new TextDecoder("utf-8", { fatal: true }).decode(some, { stream: true });
  } catch {
    return null;
  }
}

const hex = (some) => [...some].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
