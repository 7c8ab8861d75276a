// A band for each partition: its offsets from left to right, as commits have covered them.
// What is there twice or not at all would stand out; an operator's rewind begins a line of its own.

import { svg } from "../dom.js";
import { whole } from "../figures.js";
import { told } from "../coverage.js";
import { nothing, text } from "./axes.js";
import { linear } from "./scale.js";

const THICK = 14;
const APART = 4;
const HEAD = 18;
const MOST = 64;

// covered: of coverage(). ends: partition → the log's end.
export function bands(covered, ends, width) {
  const parts = [...covered.values()].filter((of) => of.low !== Infinity).sort((a, b) => a.place.localeCompare(b.place, "en", { numeric: true }));
  if (!parts.length) return { height: 60, nodes: nothing(width, 60, "No commit yet, or a sink without a ledger"), words: "No commit yet, or a sink without a ledger.", rows: [["Partition"]] };
  const nodes = [hatching()];
  let top = 0;
  for (const of of parts.slice(0, MOST)) {
    nodes.push(...band(of, ends.get(of.place), top, width));
    top += HEAD + of.passes.length * (THICK + APART) + 8;
  }
  const rest = parts.length > MOST ? ` ${parts.length - MOST} more are in the figures.` : "";
  return { height: top, nodes, words: told(parts) + rest, rows: [["Partition", "From", "To", "Epochs", "Gaps", "Overlaps", "Rewinds"], ...parts.map(row)] };
}

const row = (of) => [of.place, whole(of.low), whole(of.high), of.epoch, of.gaps.length, of.overlaps.length, of.rewinds];

function band(of, end, top, width) {
  const high = Math.max(of.high, end ?? 0);
  const x = linear([of.low, high], [1, width - 1]);
  const y = (pass) => top + HEAD + pass * (THICK + APART);
  const rect = (from, to, pass, kind, title) =>
    svg("rect", { x: x(from).toFixed(1), y: y(pass), width: Math.max(1.5, x(to) - x(from)).toFixed(1), height: THICK, class: kind }, svg("title", {}, title));
  const range = (each) => `${whole(each.from)} to ${whole(each.to)}`;
  return [
    text(1, top + 12, `${of.place}  ${whole(of.low)} to ${whole(of.high)}`, { class: "name" }),
    text(width - 1, top + 12, verdict(of), { class: of.gaps.length + of.overlaps.length ? "name wrong" : "label", "text-anchor": "end" }),
    of.next !== null && end > of.next ? rect(of.next, end, of.passes.length - 1, "waiting", `${range({ from: of.next, to: end })} not yet`) : null,
    ...of.passes.flatMap((runs, pass) => runs.map((run) => rect(run.from, run.to, pass, `run e${run.epoch % 2}`, `${range(run)}, epoch ${run.epoch}, ${run.owner}`))),
    ...of.skipped.map((each) => rect(each.from, each.to, each.pass, "skipped", `${range(each)} skipped by an operator`)),
    ...of.gaps.map((each) => rect(each.from, each.to, each.pass, "gap", `${range(each)} MISSING`)),
    ...of.overlaps.map((each) => rect(each.from, each.to, each.pass, "overlap", `${range(each)} TWICE`)),
  ].filter((each) => each !== null);
}

function verdict(of) {
  const wrong = [of.gaps.length ? `${of.gaps.length} gap(s)` : "", of.overlaps.length ? `${of.overlaps.length} overlap(s)` : ""].filter(Boolean);
  const words = wrong.length ? wrong.join(", ") : "once each";
  return of.rewinds ? `${words}, ${of.rewinds} rewind(s)` : words;
}

const hatching = () =>
  svg("defs", {}, svg("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 3, height: 6, class: "hatch" })));
