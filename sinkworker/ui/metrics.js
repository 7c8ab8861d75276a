// The page that Prometheus reads, as far as this page needs it. Pure.

const WANTED = new Map([
  ["kafka_connect_sink_task_metrics_sink_record_send_rate", "rate"],
  ["sinkworker_last_commit_timestamp_seconds", "committed"],
  ["kafka_connect_task_error_metrics_total_record_errors", "errors"],
  ["sinkworker_dead_letters_total", "letters"],
  ["sinkworker_lag_records", "lag"],
  ["sinkworker_end_to_end_seconds_bucket", "ages"],
]);
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

// → connector → { rate, committed, errors, letters, lag: Map, ages: Map }
export function read(page) {
  const found = new Map();
  for (const line of page.split("\n")) {
    const brace = line.indexOf("{");
    const kind = brace > 0 ? WANTED.get(line.slice(0, brace)) : undefined;
    if (kind !== undefined) note(found, kind, line, brace);
  }
  return found;
}

function note(found, kind, line, brace) {
  const end = line.lastIndexOf("}");
  const labels = Object.create(null);
  for (const [, name, value] of line.slice(brace + 1, end).matchAll(LABEL)) labels[name] = unescaped(value);
  const of = found.get(labels.connector) ?? nothing();
  found.set(labels.connector, of);
  add[kind](of, Number(line.slice(end + 1)), labels);
}

const nothing = () => ({ rate: 0, committed: null, errors: 0, letters: 0, lag: new Map(), ages: new Map() });

const add = {
  rate: (of, value) => (of.rate += value),
  errors: (of, value) => (of.errors += value),
  letters: (of, value) => (of.letters += value),
  committed: (of, value) => (of.committed = Math.max(of.committed ?? 0, value)),
  lag: (of, value, labels) => of.lag.set(`${labels.topic}-${labels.partition}`, value),
  ages: (of, value, labels) => {
    const bound = labels.le === "+Inf" ? Infinity : Number(labels.le);
    of.ages.set(bound, (of.ages.get(bound) ?? 0) + value);
  },
};

const ESCAPES = { n: "\n", "\\": "\\", '"': '"' };
const unescaped = (text) => text.replace(/\\(.)/g, (all, char) => ESCAPES[char] ?? all);

export const lagOf = (of) => (of && of.lag.size ? [...of.lag.values()].reduce((sum, each) => sum + each, 0) : null);
