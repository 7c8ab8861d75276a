// What became of a connector's offsets, step by step, as far as it was asked for.

import { ask, ours, part } from "./rest.js";

const MOST = 10000;

export class Ledger {
  constructor(name) {
    this.name = name;
    this.steps = [];
    this.isWhole = true;
  }

  // The newest steps at first, then only what came since. Says whether there is news.
  async look() {
    const last = this.steps.at(-1);
    const found = await this.ask(last ? `&since=${part(new Date(last.at).toISOString())}` : "");
    if (last && found.length < MOST) return this.add(found);
    this.steps = found;
    this.isWhole = found.length < MOST;
    return true;
  }

  add(found) {
    const before = this.steps.length;
    const last = this.steps.at(-1).at;
    const known = new Set(this.steps.filter((step) => step.at === last).map(identity));
    // One by one: as arguments of push, a hundred thousand are too many.
    for (const step of found) if (!known.has(identity(step))) this.steps.push(step);
    return this.steps.length > before;
  }

  // Each partition's own newest steps: as many times more.
  async lookFurther() {
    const names = [...new Set(this.steps.map((step) => step.place))];
    const parts = [];
    for (const place of names) {
      const cut = place.lastIndexOf("-");
      parts.push(await this.ask(`&partition=${part(`${place.slice(0, cut)}:${place.slice(cut + 1)}`)}`));
    }
    this.steps = parts.flat().sort((a, b) => a.at - b.at);
    this.isWhole = true;
  }

  async ask(query) {
    const answer = await ask("GET", ours(this.name, `ledger?limit=${MOST}${query}`));
    return answer.steps.map((step) => ({
      ...step,
      place: `${step.partition.kafka_topic}-${step.partition.kafka_partition}`,
      at: Date.parse(step.at),
    }));
  }
}

const identity = (s) => `${s.place} ${s.step} ${s.epoch} ${s.from} ${s.to}`;
