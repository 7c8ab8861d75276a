// Axes and marks that several pictures have.

import { svg } from "../dom.js";
import { brief, clock } from "../figures.js";
import { linear, ticks, times } from "./scale.js";

export const LEFT = 48;
const RIGHT = 12;
const TOP = 10;
const BELOW = 22;

export const text = (x, y, words, attributes) => svg("text", { x, y, ...attributes }, words);

const rule = (x1, y1, x2, y2, kind) => svg("line", { x1, y1, x2, y2, class: kind });

// → x and y of values, and what is drawn behind them. top: the greatest value.
export function plane(width, height, [from, to], top) {
  const x = linear([from, to], [LEFT, width - RIGHT]);
  const y = linear([0, top || 1], [height - BELOW, TOP]);
  const nodes = [
    ...ticks(0, top || 1, 4).flatMap((value) => [
      rule(LEFT, y(value), width - RIGHT, y(value), "grid"),
      text(LEFT - 6, y(value) + 4, brief(value), { class: "label", "text-anchor": "end" }),
    ]),
    ...timeAxis(x, from, to, width, height),
  ];
  return { x, y, nodes, floor: height - BELOW };
}

export function timeAxis(x, from, to, width, height) {
  return times(from, to, (width - LEFT) / 90).map((at) =>
    text(x(at), height - 6, clock(at), { class: "label", "text-anchor": "middle" }));
}

// Where a task claimed partitions (a start, a takeover), or an operator moved an offset.
export function marks(steps, x, [from, to], height) {
  const seen = new Set();
  const nodes = [];
  for (const { at, step } of steps) {
    if ((step !== "claim" && step !== "alter") || at < from || at > to) continue;
    const place = `${step} ${Math.round(x(at) / 3)}`;
    if (seen.has(place)) continue;
    seen.add(place);
    nodes.push(rule(x(at), TOP, x(at), height - BELOW, step));
  }
  return nodes;
}

export const nothing = (width, height, words) => [text(width / 2, height / 2, words, { class: "label", "text-anchor": "middle" })];

// The same colour for the same name, as long as there are few.
export function colours() {
  const known = new Map();
  return (name) => {
    if (!known.has(name)) known.set(name, known.size % 8);
    return `c${known.get(name)}`;
  };
}
