// The dialog that moves stored offsets: first what would change, then the change.

import { h } from "./dom.js";
import { whole } from "./figures.js";
import { ask, ours } from "./rest.js";
import { Table } from "./table.js";

const TO = [
  ["earliest", "The first record that Kafka still has", null],
  ["latest", "The end: what comes from now on", null],
  ["datetime", "The first record at or after", "2026-11-21T08:00:00Z"],
  ["offset", "This offset", "0"],
  ["shift", "Back (negative) or on by so many", "-100"],
  ["reset", "Forget them: offset.start decides anew", null],
];

const COLUMNS = [
  { title: "Partition", text: (m) => `${m.partition.kafka_topic}-${m.partition.kafka_partition}` },
  { title: "Old", text: (m) => whole(m.old), number: true },
  { title: "New", text: (m) => (m.new === null ? "reset" : whole(m.new)), number: true },
  { title: "Read again", text: (m) => whole(m.read_again), number: true },
  { title: "Skipped", text: (m) => whole(m.skipped), number: true },
];

export async function moving(name, said) {
  const how = h("select", { id: "how" }, TO.map(([kind, words]) => h("option", { value: kind }, words)));
  const argument = h("input", { id: "argument", autocomplete: "off" });
  const label = h("label", { for: "argument" }, "Which is");
  const which = h("select", { id: "which" }, h("option", { value: "" }, "All partitions"));
  const problem = h("p", { class: "bad", role: "alert" });
  const table = new Table("What would change", COLUMNS);
  const look = h("button", { type: "submit", id: "look" }, "Show what would change");
  const go = h("button", { type: "button", id: "move", class: "danger", disabled: true }, "Move them");
  const close = h("button", { type: "button", onclick: () => dialog.close() }, "Leave them");
  const dialog = h("dialog", { "aria-labelledby": "moving" },
    h("h2", { id: "moving" }, `Move offsets of ${name}`),
    h("form", { method: "dialog", class: "stack" },
      h("label", { for: "how" }, "To"), how, label, argument,
      h("label", { for: "which" }, "Partitions"), which,
      h("div", { class: "actions" }, look, go, close)),
    problem, table.node);

  const question = () => ({ to: target(how.value, argument.value), ...partitions(which.value) });
  const changed = () => {
    const [, , example] = TO.find(([kind]) => kind === how.value);
    for (const each of [label, argument]) each.hidden = example === null;
    argument.placeholder = example ?? "";
    go.disabled = true;
    table.show([], () => "");
    problem.textContent = "";
  };
  const asked = async (query) => {
    try {
      const answer = await ask("POST", ours(name, `offsets${query}`), question());
      problem.textContent = "";
      return answer.moves;
    } catch (error) {
      problem.textContent = error.message;
      go.disabled = true;
      return null;
    }
  };
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const moves = await asked("?dry_run=true");
    if (moves === null) return;
    table.show(moves, (m) => `${m.partition.kafka_topic}-${m.partition.kafka_partition}`);
    go.disabled = moves.length === 0;
  });
  go.addEventListener("click", async () => {
    const moves = await asked("");
    if (moves === null) return;
    dialog.close();
    await said(`Moved ${moves.length} partition(s)`);
  });
  how.addEventListener("change", changed);
  for (const each of [argument, which]) each.addEventListener("input", changed);
  dialog.addEventListener("close", () => dialog.remove());
  changed();
  document.body.append(dialog);
  dialog.showModal();
  await offer(name, which, problem);
}

async function offer(name, which, problem) {
  try {
    const { offsets } = await ask("GET", ours(name, "offsets"));
    for (const { partition } of offsets) {
      const value = JSON.stringify(partition);
      which.append(h("option", { value }, `${partition.kafka_topic}-${partition.kafka_partition}`));
    }
  } catch (error) {
    problem.textContent = error.message;
  }
}

const partitions = (value) => (value ? { partitions: [JSON.parse(value)] } : {});

function target(kind, text) {
  if (["earliest", "latest", "reset"].includes(kind)) return kind;
  if (kind === "datetime") return { datetime: text.trim() };
  const number = Number(text);
  return { [kind]: text.trim() !== "" && Number.isSafeInteger(number) ? number : text };
}
