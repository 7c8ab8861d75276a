// How old records were when they were committed: the histogram of /metrics.

import { svg } from "../dom.js";
import { brief, whole } from "../figures.js";
import { LEFT, nothing, text } from "./axes.js";
import { linear, ticks } from "./scale.js";

const HEIGHT = 180;

export function ages(buckets, width) {
  const bounds = [...(buckets ?? new Map())].sort(([a], [b]) => a - b);
  const counts = bounds.map(([bound, value], place) => ({ bound, count: value - (place ? bounds[place - 1][1] : 0) }));
  const total = bounds.at(-1)?.[1] ?? 0;
  if (!total) return { height: HEIGHT, nodes: nothing(width, HEIGHT, "No commit since the task began"), words: "No commit since the task began.", rows: [["At most", "Commits"]] };
  const most = Math.max(...counts.map((each) => each.count));
  const y = linear([0, most], [HEIGHT - 22, 10]);
  const wide = (width - LEFT - 12) / counts.length;
  return {
    height: HEIGHT,
    nodes: [
      ...ticks(0, most, 4).flatMap((value) => [
        svg("line", { x1: LEFT, x2: width - 12, y1: y(value), y2: y(value), class: "grid" }),
        text(LEFT - 6, y(value) + 4, brief(value), { class: "label", "text-anchor": "end" }),
      ]),
      ...counts.flatMap(({ bound, count }, place) => [
        svg("rect", { class: "area", x: (LEFT + place * wide + 1).toFixed(1), y: y(count).toFixed(1), width: (wide - 2).toFixed(1), height: (HEIGHT - 22 - y(count)).toFixed(1) }),
        text(LEFT + (place + 0.5) * wide, HEIGHT - 6, words(bound), { class: "label", "text-anchor": "middle" }),
      ]),
    ],
    words: `From a record's timestamp to its commit, for ${whole(total)} last records of commits; half at most ${words(median(bounds, total))}.`,
    rows: [["At most", "Commits"], ...counts.map(({ bound, count }) => [words(bound), whole(count)])],
  };
}

const median = (bounds, total) => bounds.find(([, value]) => value * 2 >= total)[0];

function words(bound) {
  if (bound === Infinity) return "more";
  if (bound < 1) return `${bound * 1000}ms`;
  if (bound < 60) return `${bound}s`;
  return bound < 3600 ? `${bound / 60}m` : `${bound / 3600}h`;
}
