// The topics that records came from.

import { h, write } from "./dom.js";
import { ask, connector } from "./rest.js";
import { Table } from "./table.js";

export function topics(name) {
  const table = new Table("Topics", [{ title: "Topic", text: (topic) => topic }]);
  const none = h("p", { class: "quiet" });
  const refresh = async () => {
    const answer = await ask("GET", `${connector(name)}/topics`);
    const found = answer[name]?.topics ?? [];
    table.show(found, (topic) => topic);
    write(none, found.length ? "" : "No record has come yet.");
  };
  return { node: h("section", { "aria-label": "Topics" }, table.node, none), refresh };
}
