// Stored offsets, partition by partition.

import { h } from "./dom.js";
import { whole } from "./figures.js";
import { ask, ours } from "./rest.js";
import { Table } from "./table.js";

const name = (o) => `${o.partition.kafka_topic}-${o.partition.kafka_partition}`;
const COLUMNS = [
  { title: "Partition", text: name, value: name },
  { title: "Stored", text: (o) => whole(o.offset?.kafka_offset), value: (o) => o.offset?.kafka_offset, number: true },
  { title: "End", text: (o) => whole(o.end), value: (o) => o.end, number: true },
  { title: "Lag", text: (o) => whole(o.lag), value: (o) => o.lag, number: true },
  { title: "Epoch", text: (o) => whole(o.epoch), value: (o) => o.epoch, number: true },
  { title: "Owner", text: (o) => o.owner ?? "–", value: (o) => o.owner ?? "", wide: true },
];

export function offsets(connector) {
  const table = new Table("Offsets", COLUMNS);
  const refresh = async () => table.show((await ask("GET", ours(connector, "offsets"))).offsets, name);
  return { node: h("section", { "aria-label": "Offsets" }, table.node), refresh };
}
