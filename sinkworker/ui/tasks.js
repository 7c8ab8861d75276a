// The tasks of a connector, with what went wrong: one line first, all of it when asked.

import { h, state, write } from "./dom.js";
import { connector, ask } from "./rest.js";

const CUT = 100;

export function tasks(name) {
  const list = h("ul", { class: "cards" });
  const cards = new Map();
  const own = card("Connector", null);
  const refresh = async (status) => {
    own.show(status.connector);
    for (const task of status.tasks) {
      if (!cards.has(task.id)) cards.set(task.id, card(`Task ${task.id}`, () => again(name, task.id)));
      cards.get(task.id).show(task);
    }
    for (const id of cards.keys()) if (!status.tasks.some((task) => task.id === id)) cards.delete(id);
    const nodes = [...(status.connector.trace ? [own] : []), ...cards.values()].map((each) => each.node);
    if (nodes.length !== list.children.length || nodes.some((node, i) => list.children[i] !== node)) list.replaceChildren(...nodes);
    write(none, status.tasks.length ? "" : "It has no tasks now.");
  };
  const none = h("p", { class: "quiet" });
  return { node: h("section", { "aria-label": "Tasks" }, list, none), refresh };
}

const again = (name, id) => ask("POST", `${connector(name)}/tasks/${id}/restart`);

function card(title, restart) {
  const badge = h("span", { class: "badge" });
  const worker = h("span", { class: "quiet" });
  const said = h("span", { class: "quiet", role: "status" });
  const short = h("summary");
  const whole = h("pre", { tabindex: 0 });
  const trace = h("details", { hidden: true }, short, whole);
  const press = async () => {
    try {
      await restart();
      write(said, "Restarted");
    } catch (error) {
      write(said, error.message);
    }
  };
  const button = restart && h("button", { onclick: press, "aria-label": `Restart ${title}` }, "Restart");
  const node = h("li", {}, h("h2", {}, title), badge, worker, button, said, trace);
  const show = (of) => {
    if (badge.textContent !== of.state) badge.replaceChildren(state(of.state));
    write(worker, `on ${of.worker_id}`);
    trace.hidden = !of.trace;
    write(short, cut(of.trace ?? ""));
    write(whole, of.trace ?? "");
  };
  return { node, show };
}

// The last line says what it was.
function cut(trace) {
  const last = trace.trim().split("\n").at(-1) ?? "";
  return last.length > CUT ? `${last.slice(0, CUT)}…` : last;
}
