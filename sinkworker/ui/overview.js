// All connectors of this worker, one line each.

import { h } from "./dom.js";
import { age, rate, whole } from "./figures.js";
import * as metrics from "./metrics.js";
import { ask } from "./rest.js";
import * as samples from "./samples.js";
import { Table } from "./table.js";

const COLUMNS = [
  { title: "Name", text: (c) => c.name, value: (c) => c.name, link: (c) => ["connectors", c.name] },
  { title: "State", text: (c) => c.state, value: (c) => c.state, state: true },
  { title: "Plugin", text: (c) => c.plugin, value: (c) => c.plugin, wide: true },
  { title: "Topics", text: (c) => c.topics, value: (c) => c.topics, wide: true },
  { title: "Tasks", text: (c) => `${c.running} of ${c.tasks}`, number: true, wide: true },
  { title: "Lag", text: (c) => whole(c.lag), value: (c) => c.lag, number: true },
  { title: "Rows/s", text: (c) => rate(c.rate), value: (c) => c.rate, number: true },
  { title: "Committed", text: (c) => age(c.age), value: (c) => c.age, number: true, wide: true },
  { title: "Errors", text: (c) => whole(c.errors), value: (c) => c.errors, number: true, wide: true },
  { title: "Letters", text: (c) => whole(c.letters), value: (c) => c.letters, number: true, wide: true },
];

export function overview() {
  const table = new Table("Connectors", COLUMNS, { sort: { place: 0, descends: false } });
  const filter = h("input", { type: "search", id: "filter", oninput: () => show() });
  const count = h("p", { class: "quiet", role: "status" });
  let all = [];
  const show = () => {
    const words = filter.value.toLowerCase();
    const left = all.filter((c) => `${c.name} ${c.state} ${c.plugin} ${c.topics}`.toLowerCase().includes(words));
    table.show(left, (c) => c.name);
    const text = `${left.length} of ${all.length} connectors`;
    if (count.textContent !== text) count.textContent = text;
  };
  const refresh = async () => {
    const [expanded, page] = await Promise.all([
      ask("GET", "connectors?expand=status&expand=info"), ask("GET", "metrics"),
    ]);
    const figures = metrics.read(page);
    samples.keep(figures, Date.now());
    all = Object.values(expanded).map((each) => line(each, figures.get(each.status.name)));
    show();
  };
  const node = h("div", {}, h("div", { class: "bar" }, h("label", { for: "filter" }, "Filter"), filter, count), table.node);
  return { title: "Connectors", node, refresh };
}

function line({ status, info }, figures) {
  const states = status.tasks.map((task) => task.state);
  return {
    name: status.name,
    state: overall(status.connector.state, states),
    plugin: (info.config["connector.class"] ?? "").split(".").at(-1),
    topics: info.config.topics ?? info.config["topics.regex"] ?? info.config["topics.partitions"] ?? "",
    tasks: states.length,
    running: states.filter((state) => state === "RUNNING").length,
    lag: metrics.lagOf(figures),
    rate: figures?.rate ?? null,
    age: figures?.committed ? Date.now() / 1000 - figures.committed : null,
    errors: figures?.errors ?? null,
    letters: figures?.letters ?? null,
  };
}

export const overall = (state, tasks) =>
  state === "RUNNING" && tasks.includes("FAILED") ? "TASK_FAILED" : state;
