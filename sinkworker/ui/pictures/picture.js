// The frame of every picture: its title, its drawing as wide as there is room, and the same in words.

import { h, svg, write } from "../dom.js";

export class Picture {
  // drawn: width → { height, nodes, words, rows: [[…]] }, where the first row names the columns
  constructor(title, height, drawn) {
    this.drawn = drawn;
    this.holder = h("div", { class: "holder" });
    this.image = svg("svg", { role: "img", "aria-label": title, height });
    this.holder.append(this.image);
    this.words = h("p", { class: "words" });
    this.table = h("table");
    const details = h("details", { class: "figures", ontoggle: () => this.tell() }, h("summary", {}, "In figures"),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${title} in figures` }, this.table));
    this.details = details;
    this.node = h("figure", {}, h("figcaption", {}, h("h2", {}, title)), this.words, this.holder, details);
    this.title = title;
    new ResizeObserver(() => this.draw()).observe(this.holder);
  }

  draw() {
    const width = Math.floor(this.holder.clientWidth);
    if (!width) return;
    const { height, nodes, words, rows } = this.drawn(width);
    for (const [key, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) {
      if (this.image.getAttribute(key) !== String(value)) this.image.setAttribute(key, value);
    }
    this.image.replaceChildren(...nodes);
    this.image.setAttribute("aria-label", `${this.title}. ${words}`);
    write(this.words, words);
    this.rows = rows;
    this.tell();
  }

  tell() {
    if (!this.details.open || !this.rows) return;
    const [titles, ...rows] = this.rows;
    this.table.replaceChildren(
      h("caption", { class: "hidden" }, this.title),
      h("thead", {}, h("tr", {}, titles.map((each) => h("th", { scope: "col" }, each)))),
      h("tbody", {}, rows.slice(0, 500).map((row) => h("tr", {}, row.map((each) => h("td", {}, String(each)))))));
  }
}
