// Elements from values. Owns that every value becomes text: no markup is ever read here.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "open"]);

export const h = (name, attributes, ...children) =>
  built(document.createElement(name), attributes, children);

export const svg = (name, attributes, ...children) =>
  built(document.createElementNS(SVG, name), attributes, children);

function built(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) set(node, key, value);
  node.append(...children.flat().filter((each) => each !== null && each !== undefined));
  return node;
}

function set(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (PROPERTIES.has(key)) node[key] = value;
  else node.setAttribute(key, value === true ? "" : value);
}

// Writes only what has changed: a refresh moves no cursor, no selection and no layout.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function state(text) {
  const known = ["RUNNING", "FAILED", "PAUSED", "STOPPED", "UNASSIGNED", "RESTARTING", "TASK_FAILED"];
  return h("span", { class: `state ${known.includes(text) ? text.toLowerCase() : ""}` }, text);
}

export const link = (path, text) => h("a", { href: `#/${path.map(encodeURIComponent).join("/")}` }, text);

// Someone may be typing in what is replaced: who stands there with the same id goes on, at the same letters.
export function replace(parent, ...children) {
  const before = document.activeElement;
  const [start, end] = parent.contains(before) ? [before.selectionStart, before.selectionEnd] : [];
  parent.replaceChildren(...children);
  if (document.contains(before) || !before.id) return;
  const after = document.getElementById(before.id);
  after?.focus({ preventScroll: true });
  if (typeof start === "number") after?.setSelectionRange?.(start, end);
}
