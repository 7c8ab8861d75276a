// What can be done with a connector, by buttons. Owns that a rewind is shown before it is done.

import { h } from "./dom.js";
import { moving } from "./moving.js";
import { ask, connector } from "./rest.js";

const SIMPLE = [
  ["Pause", "PUT", "pause", "It reads nothing, and keeps its partitions."],
  ["Resume", "PUT", "resume", "It goes on."],
  ["Stop", "PUT", "stop", "Its tasks end and leave the group."],
  ["Restart", "POST", "restart?includeTasks=true&onlyFailed=false", "Its tasks end and start."],
  ["Restart failed", "POST", "restart?includeTasks=true&onlyFailed=true", "Tasks that have failed start again."],
];

// said: shows a sentence, and looks again.
export function actions(name, said) {
  const buttons = SIMPLE.map(([word, method, path, title]) =>
    h("button", { title, onclick: (event) => act(event.currentTarget, said, word, () => ask(method, `${connector(name)}/${path}`)) }, word));
  const move = h("button", { title: "To another time or offset", onclick: () => moving(name, said) }, "Move offsets…");
  return h("div", { class: "actions", role: "group", "aria-label": "Actions" }, buttons, move);
}

async function act(button, said, word, does) {
  button.setAttribute("aria-busy", "true");
  try {
    await does();
    await said(`${word}: done`);
  } catch (error) {
    await said(`${word}: ${error.message}`);
  } finally {
    button.removeAttribute("aria-busy");
  }
}
