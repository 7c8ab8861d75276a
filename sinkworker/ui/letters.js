// Dead letters that the sink stores itself: why each failed, its bytes, and writing it once more.

import { bytes } from "./bytes.js";
import { h, write } from "./dom.js";
import { ask, ours } from "./rest.js";

const MOST = 200;
const place = (letter) => `${letter.partition.kafka_topic}-${letter.partition.kafka_partition} offset ${letter.offset}`;

export function letters(name) {
  const list = h("ul", { class: "cards" });
  const said = h("p", { role: "status", class: "quiet" });
  const count = h("p", { class: "quiet" });
  const cards = new Map();
  // Told beside the list as it is then, not as it was before.
  const replay = async (question) => {
    const text = await ask("POST", ours(name, "letters/replay"), question).then(outcome, (error) => error.message);
    await refresh().catch(() => {}); // the next look tells of it
    write(said, text);
  };
  const all = h("button", { onclick: () => replay({}), disabled: true }, "Replay all");
  let [asks, shown] = [0, 0];
  const refresh = async () => {
    const turn = ++asks;
    const [found, text] = await asked(name);
    if (turn < shown) return; // what was asked later is shown already
    shown = turn;
    write(count, text);
    all.disabled = found.length === 0;
    const nodes = found.map((letter) => {
      const key = `${place(letter)} ${letter.failed_at}`;
      if (!cards.has(key)) cards.set(key, card(letter, replay));
      return cards.get(key);
    });
    if (nodes.length !== list.children.length || nodes.some((node, i) => list.children[i] !== node)) list.replaceChildren(...nodes);
  };
  const node = h("section", { "aria-label": "Dead letters" }, h("div", { class: "bar" }, all, count, said), list);
  return { node, refresh };
}

const outcome = ({ written, filtered, stayed }) =>
  [`${written} written, ${filtered} left out by a transform, ${stayed.length} failed again`, ...stayed].join("\n");

// A sink that stores none says so.
async function asked(name) {
  try {
    const { letters: found } = await ask("GET", ours(name, `letters?limit=${MOST}`));
    return [found, found.length < MOST ? `${found.length} dead letter(s)` : `The first ${MOST} dead letters`];
  } catch (error) {
    if (error.status !== 400) throw error;
    return [[], error.message];
  }
}

function card(letter, replay) {
  const parts = [["Key", letter.key], ["Value", letter.value], ...letter.headers.map(({ key, value }) => [`Header ${key}`, value])];
  const question = { partition: letter.partition, offset: letter.offset };
  return h("li", {},
    h("h2", {}, place(letter)),
    h("span", { class: "quiet" }, `${letter.stage}, ${letter.failed_at}`),
    h("button", { onclick: () => replay(question), "aria-label": `Replay ${place(letter)}` }, "Replay"),
    h("details", {}, h("summary", {}, `${letter.exception}: ${letter.message}`),
      h("dl", { class: "bytes" }, parts.map(([word, data]) => [h("dt", {}, word), h("dd", {}, bytes(data))]).flat())));
}
