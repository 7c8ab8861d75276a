// Who committed when: a line for each partition, a colour for each owner, a mark for each claim.

import { svg } from "../dom.js";
import { clock } from "../figures.js";
import { colours, nothing, text, timeAxis } from "./axes.js";
import { linear } from "./scale.js";

const ROW = 34;
const MOST = 64;

export function epochs(steps, width) {
  const places = [...new Set(steps.map((step) => step.place))].sort((a, b) => a.localeCompare(b, "en", { numeric: true })).slice(0, MOST);
  if (!places.length) return { height: 60, nodes: nothing(width, 60, "No claim yet"), words: "No claim yet.", rows: [["Partition"]] };
  const height = places.length * ROW + 24;
  const bounds = [steps[0].at, Math.max(steps.at(-1).at, steps[0].at + 1000)];
  const x = linear(bounds, [1, width - 12]);
  const colour = colours();
  const lives = grouped(steps, new Set(places));
  const nodes = timeAxis(x, ...bounds, width, height);
  places.forEach((place, number) => nodes.push(...row(place, lives.get(place), number * ROW, x, colour)));
  const owners = new Set([...lives.values()].flat().filter((life) => !life.altered).map((life) => life.owner));
  const claims = [...lives.values()].flat().length;
  return {
    height, nodes,
    words: `${claims} epochs of ${owners.size} owner(s), one colour each; a tick is a commit, a number an epoch that began.`,
    rows: [["Partition", "Epoch", "From", "To", "Commits", "Owner"], ...[...lives].flatMap(([place, all]) =>
      all.map((life) => [place, life.epoch, clock(life.from), clock(life.to), life.commits.length, life.owner ?? "–"]))],
  };
}

// → partition → its epochs, each from its first step to its last
function grouped(steps, places) {
  const found = new Map([...places].map((place) => [place, []]));
  for (const { place, epoch, owner, at, step } of steps) {
    const lives = found.get(place);
    if (!lives || step === "seed") continue;
    let life = lives.at(-1);
    if (!life || life.epoch !== epoch) lives.push((life = { epoch, owner, from: at, to: at, commits: [], altered: step === "alter" }));
    life.to = at;
    if (step === "commit") life.commits.push(at);
  }
  return found;
}

function row(place, lives, top, x, colour) {
  const nodes = [text(1, top + 11, place, { class: "name" })];
  let free = 0;
  for (const life of lives) {
    const [begin, end] = [x(life.from), Math.max(x(life.to), x(life.from) + 2)];
    const words = `epoch ${life.epoch}, ${life.altered ? "an operator" : life.owner}, ${life.commits.length} commits`;
    nodes.push(svg("rect", { class: `life ${life.altered ? "altered" : colour(life.owner)}`, x: begin.toFixed(1), y: top + 16, width: (end - begin).toFixed(1), height: 10 }, svg("title", {}, words)));
    nodes.push(svg("path", { class: "tick", d: ticks(life.commits, x, top) }));
    if (begin >= free && begin > place.length * 7 + 10) {
      nodes.push(text(begin, top + 12, String(life.epoch), { class: "label" }));
      free = begin + 8 * String(life.epoch).length + 4;
    }
  }
  return nodes;
}

// One for each pixel at most, however many commits there were.
function ticks(commits, x, top) {
  const pixels = new Set(commits.map((at) => Math.round(x(at))));
  return [...pixels].map((at) => `M${at} ${top + 16}v10`).join("");
}
