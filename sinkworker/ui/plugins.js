// What is installed, and the keys of each plugin.

import { h, link } from "./dom.js";
import { ask, part } from "./rest.js";
import { Table } from "./table.js";

export function plugins() {
  const table = new Table("Plugins", [
    { title: "Class", text: (p) => p.class, value: (p) => p.class, link: (p) => ["plugins", p.class] },
    { title: "Kind", text: (p) => p.type, value: (p) => p.type },
    { title: "Version", text: (p) => p.version, value: (p) => p.version },
  ], { sort: { place: 1, descends: false } });
  const refresh = async () =>
    table.show(await ask("GET", "connector-plugins?connectorsOnly=false"), (p) => `${p.type} ${p.class}`);
  return { title: "Plugins", node: table.node, refresh };
}

export function plugin(name) {
  const table = new Table("Keys", [
    { title: "Key", text: (k) => k.name },
    { title: "Type", text: (k) => k.type, wide: true },
    { title: "Default", text: (k) => (k.required ? "required" : (k.default_value ?? "none")) },
    { title: "What it does", text: (k) => k.documentation },
  ]);
  const refresh = async () => table.show(await ask("GET", `connector-plugins/${part(name)}/config`), (k) => k.name);
  return { title: name, node: h("div", {}, h("p", {}, link(["plugins"], "All plugins")), table.node), refresh };
}
