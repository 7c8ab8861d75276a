// A configuration, checked by the worker while one types: a new connector, or a change of one.

import { field } from "./field.js";
import { h, replace, write } from "./dom.js";
import { ask, connector, part } from "./rest.js";
import { isSecret } from "./secrets.js";

const AFTER_MS = 400;
const CLASS = "connector.class";
const FIRST = ["name", "topics", "topics.regex", "tasks.max"];

export function form(name) {
  const of = new Form(name);
  return { title: name ? `Change ${name}` : "New connector", node: of.node, refresh: () => of.once() };
}

const isFirst = (key) => FIRST.includes(key.name) || key.required;

class Form {
  constructor(name) {
    this.name = name;
    this.fields = new Map();
    this.kept = new Map(); // secrets of the present configuration: sent again, never shown
    this.plugin = h("select", { id: "plugin", onchange: () => this.choose(this.plugin.value) });
    this.target = h("select", { id: "target" }, ["RUNNING", "PAUSED", "STOPPED"].map((each) => h("option", { value: each }, each)));
    this.parts = h("div");
    this.others = h("textarea", { id: "others", rows: 4, spellcheck: "false", "aria-describedby": "others-errors", oninput: () => this.typed() });
    this.othersErrors = h("p", { id: "others-errors", class: "bad" });
    this.said = h("p", { role: "status", id: "verdict" });
    this.button = h("button", { id: "save", disabled: true }, name ? "Change it" : "Create it");
    this.node = h("form", { class: "stack", autocomplete: "off", onsubmit: (event) => this.save(event) },
      h("label", { for: "plugin" }, "Plugin"), this.plugin, this.parts,
      h("label", { for: "others" }, "Other keys, as key=value in lines (converters, transforms, consumer.override.…)"), this.others, this.othersErrors,
      name ? null : [h("label", { for: "target" }, "Begin as"), this.target],
      h("div", { class: "bar" }, this.button, this.said));
  }

  // Asked by the clock too: what somebody types is never replaced, a check that failed is made again.
  async once() {
    if (this.begun) return this.unanswered ? this.check() : undefined;
    const plugins = await ask("GET", "connector-plugins");
    const config = this.name ? await ask("GET", `${connector(this.name)}/config`) : {};
    if (this.begun) return;
    this.begun = true;
    const classes = [...new Set([...plugins.map((each) => each.class), ...(config[CLASS] ? [config[CLASS]] : [])])];
    this.plugin.append(...classes.map((each) => h("option", { value: each }, each)));
    this.plugin.value = config[CLASS] ?? classes[0];
    await this.choose(this.plugin.value, config);
  }

  // What is there already, also what was typed while the keys were asked for, is kept.
  async choose(plugin, begun) {
    const keys = (await ask("GET", `connector-plugins/${part(plugin)}/config`)).filter((key) => key.name !== CLASS);
    const config = begun ?? this.config();
    this.fields = new Map(keys.map((key) => [key.name, field(key, this.value(key, config), () => this.typed())]));
    if (this.name) this.fields.get("name")?.fix();
    const first = keys.filter(isFirst);
    const own = keys.filter((key) => !isFirst(key) && key.group === null);
    const common = keys.filter((key) => !isFirst(key) && key.group !== null);
    const [ownOpen, commonOpen] = [...this.parts.querySelectorAll("details")].map((each) => each.open);
    replace(this.parts,
      h("fieldset", {}, h("legend", {}, "What it needs"), this.nodes(first)),
      h("details", { open: ownOpen }, h("summary", {}, `Keys of ${plugin} (${own.length})`), this.nodes(own)),
      h("details", { open: commonOpen }, h("summary", {}, `Keys of every connector (${common.length})`), this.nodes(common)));
    const others = Object.entries(config).filter(([key]) => !this.fields.has(key) && key !== CLASS);
    for (const [key, value] of others) if (isSecret(key)) this.kept.set(key, value);
    const shown = others.filter(([key]) => !isSecret(key)).map(([key, value]) => `${key}=${value}`);
    this.others.value = [...shown, ...this.unfinished()].join("\n");
    await this.check();
  }

  value(key, config) {
    const value = config[key.name] ?? "";
    if (value === "" || !isSecret(key.name, key.type)) return value;
    this.kept.set(key.name, value);
    return null;
  }

  nodes(keys) {
    return keys.map((key) => this.fields.get(key.name).node);
  }

  lines() {
    return this.others.value.split("\n").filter((line) => line.trim());
  }

  unfinished() {
    return this.lines().filter((line) => !line.includes("="));
  }

  config() {
    const written = [...this.fields].map(([key, field]) => [key, field.value()]).filter(([, value]) => value !== "");
    const lines = this.lines().filter((line) => line.includes("="));
    const others = lines.map((line) => [line.slice(0, line.indexOf("=")).trim(), line.slice(line.indexOf("=") + 1).trim()]);
    return { ...Object.fromEntries(this.kept), [CLASS]: this.plugin.value, ...Object.fromEntries(written), ...Object.fromEntries(others) };
  }

  typed() {
    this.button.disabled = true;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.check(), AFTER_MS);
  }

  async check() {
    const number = (this.number = (this.number ?? 0) + 1);
    try {
      const answer = await ask("PUT", `connector-plugins/${part(this.plugin.value)}/config/validate`, this.config());
      if (number === this.number) this.tell(answer);
    } catch (error) {
      if (number === this.number) this.wait(error.message);
    }
  }

  wait(message) {
    this.unanswered = true;
    write(this.said, message);
  }

  tell({ configs, error_count: count }) {
    this.unanswered = false;
    const unknown = this.unfinished().map((line) => `There is no = in ${line}`);
    const wrong = count + unknown.length;
    for (const { value } of configs) {
      const of = this.fields.get(value.name);
      if (of) of.tell(value);
      else unknown.push(...value.errors);
    }
    write(this.othersErrors, unknown.join("\n"));
    write(this.said, wrong ? `${wrong} thing(s) to mend` : "Nothing is wrong with it");
    this.button.disabled = wrong > 0;
  }

  async save(event) {
    event.preventDefault();
    const config = this.config();
    try {
      if (this.name) await ask("PUT", `${connector(this.name)}/config`, config);
      else await ask("POST", "connectors", { name: config.name, config, initial_state: this.target.value });
      location.hash = `#/connectors/${part(config.name)}`;
    } catch (error) {
      write(this.said, error.message);
    }
  }
}
