// Figures as this page saw them, one after another. Owns how long they are kept.

const MOST = 360;
const kept = new Map();

// found: what metrics.read gave, at this time in ms.
export function keep(found, at) {
  for (const [name, of] of found) {
    const samples = kept.get(name) ?? [];
    samples.push({ at, lag: of.lag, rate: of.rate });
    if (samples.length > MOST) samples.shift();
    kept.set(name, samples);
  }
}

export const of = (name) => kept.get(name) ?? [];
