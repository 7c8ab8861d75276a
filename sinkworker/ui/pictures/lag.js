// The lag of each partition, as this page has seen it since it was opened.

import { svg } from "../dom.js";
import { clock, whole } from "../figures.js";
import { colours, marks, nothing, plane } from "./axes.js";

const HEIGHT = 180;
const MOST_LINES = 32;

export function lag(samples, steps, width) {
  const seen = samples.filter((sample) => sample.lag.size);
  if (seen.length < 2) return { height: HEIGHT, nodes: nothing(width, HEIGHT, "Drawn from now on"), words: "Two looks are needed.", rows: [["Time"]] };
  const bounds = [seen[0].at, seen.at(-1).at];
  const places = [...seen.at(-1).lag.keys()].slice(0, MOST_LINES);
  const top = Math.max(1, ...seen.map((sample) => Math.max(...sample.lag.values())));
  const { x, y, nodes } = plane(width, HEIGHT, bounds, top);
  const colour = colours();
  const lines = places.map((place) => svg("path", { class: `line ${colour(place)}`, d: line(seen, place, x, y) }));
  const now = [...seen.at(-1).lag.values()].reduce((sum, each) => sum + each, 0);
  return {
    height: HEIGHT,
    nodes: [...nodes, ...lines, ...marks(steps, x, bounds, HEIGHT)],
    words: `${whole(now)} offsets wait now; at most ${whole(top)} in one partition. A dashed line: partitions were claimed.`,
    rows: [["Time", ...places], ...seen.slice(-60).map((sample) => [clock(sample.at), ...places.map((place) => whole(sample.lag.get(place)))])],
  };
}

function line(seen, place, x, y) {
  const points = seen.filter((sample) => sample.lag.has(place));
  return points.map(({ at, lag }, n) => `${n ? "L" : "M"}${x(at).toFixed(1)} ${y(lag.get(place)).toFixed(1)}`).join("");
}
