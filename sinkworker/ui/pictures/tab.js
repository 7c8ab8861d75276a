// The pictures of one connector, drawn anew when there is news.

import { coverage } from "../coverage.js";
import { h, write } from "../dom.js";
import { Ledger } from "../ledger.js";
import * as samples from "../samples.js";
import { ask, ours } from "../rest.js";
import { ages } from "./ages.js";
import { bands } from "./bands.js";
import { epochs } from "./epochs.js";
import { lag } from "./lag.js";
import { Picture } from "./picture.js";
import { rates } from "./rates.js";

export function pictures(name) {
  const ledger = new Ledger(name);
  let covered = new Map();
  let ends = new Map();
  let buckets = null;
  const all = [
    new Picture("Offsets covered", 60, (width) => bands(covered, ends, width)),
    new Picture("Commits and epochs", 60, (width) => epochs(ledger.steps, width)),
    new Picture("Rows a second", 180, (width) => rates(ledger.steps, width)),
    new Picture("Lag", 180, (width) => lag(samples.of(name), ledger.steps, width)),
    new Picture("End to end", 180, (width) => ages(buckets, width)),
  ];
  const living = [all[0], all[3], all[4]];
  const problem = h("p", { class: "quiet", role: "status" });
  const further = h("button", { hidden: true, onclick: () => lookFurther() }, "Read all steps that are kept");
  // Without news in the ledger, only what other figures draw.
  const draw = (news = true) => {
    if (news) covered = coverage(ledger.steps);
    further.hidden = ledger.isWhole;
    write(problem, ledger.isWhole ? "" : `The newest ${ledger.steps.length} steps of the ledger.`);
    for (const each of news ? all : living) each.draw();
  };
  const lookFurther = async () => {
    await ledger.lookFurther();
    draw();
  };
  const refresh = async (status, figures) => {
    buckets = figures?.ages;
    try {
      const [stored, news] = await Promise.all([ask("GET", ours(name, "offsets")), ledger.look()]);
      ends = new Map(stored.offsets.map((o) => [`${o.partition.kafka_topic}-${o.partition.kafka_partition}`, o.end]));
      draw(news);
    } catch (error) {
      draw();
      write(problem, error.message);
    }
  };
  const node = h("section", { "aria-label": "Pictures" }, h("div", { class: "bar" }, problem, further), h("div", { class: "pictures" }, all.map((each) => each.node)));
  return { node, refresh };
}
