// Tables whose rows stay the same elements while their figures change.

import { h, link, state, write } from "./dom.js";

// columns: {title, text(item), value?(item) to sort by, link?(item), state?, number?, wide?, node?(item)}
export class Table {
  constructor(caption, columns, { sort = null } = {}) {
    this.columns = columns;
    this.rows = new Map();
    this.sort = sort;
    this.items = [];
    this.body = h("tbody");
    this.heads = columns.map((column, place) => this.head(column, place));
    const table = h("table", {}, h("caption", { class: "hidden" }, caption), h("thead", {}, h("tr", {}, this.heads)), this.body);
    this.node = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, table);
    this.empty = h("p", { class: "quiet" });
  }

  head(column, place) {
    const classes = this.classes(column);
    if (!column.value) return h("th", { scope: "col", class: classes }, column.title);
    const button = h("button", { class: "plain", onclick: () => this.sortBy(place) }, column.title);
    return h("th", { scope: "col", class: classes, "aria-sort": "none" }, button);
  }

  classes(column) {
    return [column.number ? "number" : "", column.wide ? "wide" : ""].join(" ").trim() || null;
  }

  sortBy(place) {
    const descends = this.sort?.place === place ? !this.sort.descends : Boolean(this.columns[place].number);
    this.sort = { place, descends };
    this.show(this.items, this.key);
  }

  show(items, key) {
    this.items = items;
    this.key = key;
    const ordered = this.ordered();
    const rows = ordered.map((item) => this.row(item, key(item)));
    const left = new Set(rows);
    for (const [name, row] of this.rows) if (!left.has(row)) this.rows.delete(name);
    if (rows.length !== this.body.children.length || rows.some((row, i) => this.body.children[i] !== row)) {
      this.body.replaceChildren(...rows);
    }
    this.mark();
  }

  ordered() {
    if (!this.sort) return this.items;
    const { place, descends } = this.sort;
    const value = this.columns[place].value;
    const sign = descends ? -1 : 1;
    return [...this.items].sort((a, b) => sign * compared(value(a), value(b)));
  }

  row(item, name) {
    const row = this.rows.get(name) ?? this.made(name);
    this.columns.forEach((column, place) => this.fill(row.children[place], column, item));
    return row;
  }

  made(name) {
    const row = h("tr", {}, this.columns.map((column) => h("td", { class: this.classes(column) })));
    this.rows.set(name, row);
    return row;
  }

  fill(cell, column, item) {
    if (column.node) return column.node(item, cell);
    const text = column.text(item);
    if (!column.link && !column.state) return write(cell, text);
    if (cell.textContent === text && cell.firstChild) return;
    cell.replaceChildren(column.state ? state(text) : link(column.link(item), text));
  }

  mark() {
    this.heads.forEach((head, place) => {
      if (!this.columns[place].value) return;
      const way = this.sort?.place === place ? (this.sort.descends ? "descending" : "ascending") : "none";
      head.setAttribute("aria-sort", way);
    });
  }
}

function compared(a, b) {
  if (typeof a === "string") return a.localeCompare(b);
  return (a ?? -1) - (b ?? -1);
}
