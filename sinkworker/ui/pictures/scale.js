// Values to pixels, and round numbers for axes. Pure.

export function linear([low, high], [begin, end]) {
  const span = high - low || 1;
  return (value) => begin + ((value - low) / span) * (end - begin);
}

export function ticks(low, high, count) {
  const span = high - low || 1;
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const first = Math.ceil(low / step);
  const found = [];
  for (let number = first; number * step <= high; number += 1) found.push(number * step);
  return found;
}

const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

export function times(low, high, count) {
  const rough = (high - low) / 1000 / Math.max(1, count);
  const step = (SECONDS.find((each) => each >= rough) ?? 86400 * Math.ceil(rough / 86400)) * 1000;
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
  return found;
}
