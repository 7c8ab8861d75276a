// Rows a second, by the commits of the ledger.

import { svg } from "../dom.js";
import { clock, rate } from "../figures.js";
import { marks, nothing, plane } from "./axes.js";

const HEIGHT = 180;

export function rates(steps, width) {
  const commits = steps.filter((step) => step.step === "commit");
  if (!commits.length) return { height: HEIGHT, nodes: nothing(width, HEIGHT, "No commit yet"), words: "No commit yet.", rows: [["Time", "Rows/s"]] };
  const bounds = within(commits);
  const bins = binned(commits, bounds, Math.max(20, Math.min(160, Math.floor(width / 8))));
  const most = bins.values.reduce((a, b) => Math.max(a, b), 0);
  const { x, y, nodes, floor } = plane(width, HEIGHT, bounds, most);
  const total = commits.reduce((sum, step) => sum + step.records, 0);
  return {
    height: HEIGHT,
    nodes: [...nodes, svg("path", { class: "area", d: area(bins, x, y, floor) }), ...marks(steps, x, bounds, HEIGHT)],
    words: `${total} rows in ${commits.length} commits; at most ${rate(most)} rows a second.`,
    rows: [["Time", "Rows/s"], ...bins.values.map((value, place) => [clock(bounds[0] + place * bins.ms), rate(value)])],
  };
}

function within(commits) {
  const from = commits[0].at;
  return [from, Math.max(commits.at(-1).at, from + 1000)];
}

function binned(commits, [from, to], count) {
  const ms = (to - from) / count;
  const values = new Array(count).fill(0);
  for (const { at, records } of commits) {
    const place = Math.max(0, Math.min(count - 1, Math.floor((at - from) / ms)));
    values[place] += (records * 1000) / ms;
  }
  return { ms, from, values };
}

function area({ ms, from, values }, x, y, floor) {
  const tops = values.map((value, place) =>
    `V${y(value).toFixed(1)}H${x(from + (place + 1) * ms).toFixed(1)}`);
  return `M${x(from).toFixed(1)} ${floor}${tops.join("")}V${floor}Z`;
}
