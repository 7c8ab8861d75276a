// Which offsets the steps of a ledger cover, and which of them twice or not at all. Pure.

// → partition → { passes: [[run]], gaps, overlaps, skipped: [{from, to, pass}], rewinds, miscounted, next, low, high }
// A run: commits that lie end to end in one epoch. A new pass begins where an operator went back.
export function coverage(steps) {
  const found = new Map();
  for (const step of steps) {
    const of = found.get(step.place) ?? nothing(step);
    found.set(step.place, of);
    (STEPS[step.step] ?? ignored)(of, step);
    of.epoch = Math.max(of.epoch, step.epoch);
  }
  return found;
}

const nothing = (step) => ({
  place: step.place, passes: [[]], gaps: [], overlaps: [], skipped: [], rewinds: 0, miscounted: 0,
  epoch: 0, next: null, low: Infinity, high: -Infinity,
});

const ignored = () => {};

const STEPS = {
  seed: (of, step) => (of.next ??= step.to),
  claim: (of, step) => joined(of, step.to ?? step.from),
  commit: (of, step) => {
    joined(of, step.from);
    cover(of, step);
    of.next = step.to;
  },
  alter: moved,
};

// Where the next step begins is where the last one ended; else there is a hole, or something twice.
function joined(of, from) {
  if (from === null || from === undefined) return;
  const pass = of.passes.length - 1;
  if (of.next !== null && from > of.next) of.gaps.push({ from: of.next, to: from, pass });
  if (of.next !== null && from < of.next) of.overlaps.push({ from, to: of.next, pass });
  of.next = from;
}

function cover(of, step) {
  if (step.records + step.errant + step.filtered + step.gaps !== step.to - step.from) of.miscounted += 1;
  const runs = of.passes.at(-1);
  const last = runs.at(-1);
  if (last && last.epoch === step.epoch && last.to === step.from) last.to = step.to;
  else runs.push({ from: step.from, to: step.to, epoch: step.epoch, owner: step.owner });
  of.low = Math.min(of.low, step.from);
  of.high = Math.max(of.high, step.to);
}

function moved(of, step) {
  if (step.to === null) return anew(of, null);
  if (of.next !== null && step.to < of.next) {
    of.rewinds += 1;
    return anew(of, step.to);
  }
  if (of.next !== null && step.to > of.next) {
    of.skipped.push({ from: of.next, to: step.to, pass: of.passes.length - 1 });
    of.high = Math.max(of.high, step.to);
  }
  of.next = step.to;
}

function anew(of, next) {
  if (of.passes.at(-1).length) of.passes.push([]);
  of.next = next;
}

export function told(parts) {
  const sum = (key) => parts.reduce((total, of) => total + (of[key].length ?? of[key]), 0);
  const words = [
    `${parts.length} partition(s)`,
    count(sum("gaps"), "gap"), count(sum("overlaps"), "overlap"),
    `${sum("rewinds")} rewind(s)`,
    ...(sum("skipped") ? [`${sum("skipped")} skip(s) by an operator`] : []),
    ...(sum("miscounted") ? [`${sum("miscounted")} commit(s) whose counts do not add up`] : []),
  ];
  return `${words.join(", ")}.`;
}

const count = (number, word) => (number ? `${number} ${word}(s)` : `no ${word}`);
