// How figures are written. Pure.

const grouped = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const whole = (value) => (value === null || value === undefined ? "–" : grouped.format(value));
export const brief = (value) => short.format(value);

export function rate(value) {
  if (value === null || value === undefined) return "–";
  return value >= 10 || value === 0 ? grouped.format(Math.round(value)) : value.toFixed(1);
}

export function age(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const past = Math.max(0, seconds);
  if (past < 60) return `${Math.round(past)} s ago`;
  if (past < 5400) return `${Math.round(past / 60)} min ago`;
  return past < 172800 ? `${Math.round(past / 3600)} h ago` : `${Math.round(past / 86400)} d ago`;
}

export const clock = (ms) => new Date(ms).toTimeString().slice(0, 8);
