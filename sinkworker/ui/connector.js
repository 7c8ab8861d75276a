// One connector: what it does, what can be done with it, and its tabs.

import { actions } from "./actions.js";
import { config } from "./config.js";
import { h, link, state, write } from "./dom.js";
import { age, rate, whole } from "./figures.js";
import { letters } from "./letters.js";
import * as metrics from "./metrics.js";
import { offsets } from "./offsets.js";
import { overall } from "./overview.js";
import { pictures } from "./pictures/tab.js";
import { ask, connector as path } from "./rest.js";
import * as samples from "./samples.js";
import { tasks } from "./tasks.js";
import { topics } from "./topics.js";

const TABS = { pictures, tasks, offsets, config, topics, letters };

export function connector(name, tab = "pictures") {
  const made = (TABS[tab] ?? pictures)(name);
  const badge = h("span", { class: "badge" });
  const facts = ["Lag", "Rows/s", "Committed", "Errors", "Letters"].map((word) => [word, h("dd")]);
  const said = h("p", { role: "status", class: "quiet" });
  const refresh = async () => {
    const [status, page] = await Promise.all([ask("GET", `${path(name)}/status`), ask("GET", "metrics")]);
    const figures = metrics.read(page);
    samples.keep(figures, Date.now());
    show(badge, facts, status, figures.get(name));
    await made.refresh(status, figures.get(name));
  };
  const look = (text) => {
    write(said, text);
    return refresh();
  };
  const node = h("div", {},
    h("div", { class: "bar" }, badge, h("dl", { class: "facts" }, facts.map(([word, value]) => h("div", {}, h("dt", {}, word), value)))),
    actions(name, look), said, tabs(name, tab), made.node);
  return { title: name, node, refresh };
}

function tabs(name, chosen) {
  const items = Object.keys(TABS).map((tab) => {
    const item = link(["connectors", name, tab], tab[0].toUpperCase() + tab.slice(1));
    if (tab === chosen) item.setAttribute("aria-current", "page");
    return item;
  });
  return h("nav", { class: "tabs", "aria-label": "Parts of the connector" }, items);
}

function show(badge, facts, status, figures) {
  const text = overall(status.connector.state, status.tasks.map((task) => task.state));
  if (badge.textContent !== text) badge.replaceChildren(state(text));
  const committed = figures?.committed ? Date.now() / 1000 - figures.committed : null;
  const values = [whole(metrics.lagOf(figures)), rate(figures?.rate), age(committed), whole(figures?.errors), whole(figures?.letters)];
  facts.forEach(([, value], place) => write(value, values[place]));
}
