// A connector's configuration, as it was written, without its secrets.

import { h, link, write } from "./dom.js";
import { ask, connector, part } from "./rest.js";
import { shown } from "./secrets.js";
import { Table } from "./table.js";

export function config(name) {
  const problem = h("p", { class: "quiet" });
  let types = null;
  const table = new Table("Configuration", [
    { title: "Key", text: (entry) => entry.key },
    { title: "Value", text: (entry) => shown(entry.key, entry.value, types?.get(entry.key)) },
  ]);
  const refresh = async () => {
    const config = await ask("GET", `${connector(name)}/config`);
    types ??= await typesOf(config["connector.class"] ?? "", problem);
    const entries = Object.entries(config).sort(([a], [b]) => a.localeCompare(b));
    table.show(entries.map(([key, value]) => ({ key, value })), (entry) => entry.key);
  };
  const change = h("p", {}, link(["connectors", name, "edit"], "Change it"));
  return { node: h("section", { "aria-label": "Configuration" }, problem, table.node, change), refresh };
}

// An unknown class has no types; names like a password's hide its values all the same.
export async function typesOf(plugin, problem) {
  try {
    const keys = await ask("GET", `connector-plugins/${part(plugin)}/config`);
    return new Map(keys.map((key) => [key.name, key.type]));
  } catch (error) {
    write(problem, error.message);
    return new Map();
  }
}
