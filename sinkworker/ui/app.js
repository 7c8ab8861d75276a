// Which view is shown, and when it looks again. Owns the address, the clock and the one place for errors.

import { connector } from "./connector.js";
import { h, write } from "./dom.js";
import { clock } from "./figures.js";
import { form } from "./form.js";
import { overview } from "./overview.js";
import { plugin, plugins } from "./plugins.js";
import { ask, remember } from "./rest.js";

const EVERY_MS = 5000;
const main = document.getElementById("main");
const said = document.getElementById("said");
const live = document.getElementById("live");
let shown = null;
let failing = null;

const VIEWS = [
  [/^$/, () => overview()],
  [/^new$/, () => form()],
  [/^plugins$/, () => plugins()],
  [/^plugins\/([^/]+)$/, plugin],
  [/^connectors\/([^/]+)\/edit$/, form],
  [/^connectors\/([^/]+)(?:\/(\w+))?$/, connector],
];

function route() {
  const path = location.hash.replace(/^#\/?/, "").replace(/\/$/, "");
  for (const [pattern, view] of VIEWS) {
    const found = pattern.exec(path);
    if (found) return view(...found.slice(1).map((each) => each && decodeURIComponent(each)));
  }
  return { title: "Not found", node: h("p", {}, "There is no such page."), refresh: async () => {} };
}

async function open() {
  if (location.hash === "#main") return;
  const [view, address] = [route(), location.hash];
  delete main.dataset.shown;
  shown = view;
  document.title = `${view.title} · sinkworker`;
  main.replaceChildren(h("h1", { tabindex: -1 }, view.title), view.node);
  for (const each of document.querySelectorAll("nav[aria-label=Pages] a")) {
    each.getAttribute("href") === (location.hash || "#/") ? each.setAttribute("aria-current", "page") : each.removeAttribute("aria-current");
  }
  await look(view);
  if (shown === view) main.dataset.shown = address;
}

async function look(view) {
  try {
    await view.refresh();
    failing = null;
    write(said, "");
    said.className = "";
  } catch (error) {
    if (error.status === 401) return login();
    failing ??= Date.now();
    said.className = "bad";
    write(said, `${error.message || "No answer"} (since ${clock(failing)}; trying again)`);
  } finally {
    main.dataset.looks = String(Number(main.dataset.looks ?? 0) + 1);
  }
}

function login() {
  if (document.getElementById("token")) return;
  const token = h("input", { id: "token", type: "password", autocomplete: "off", required: true });
  const enter = (event) => {
    event.preventDefault();
    remember(token.value);
    open();
  };
  shown = null;
  main.replaceChildren(
    h("h1", {}, "Who asks?"),
    h("form", { class: "login", onsubmit: enter },
      h("label", { for: "token" }, "The token of rest.auth.token.file"), token, h("button", {}, "Go on")),
  );
  token.focus();
}

async function tick() {
  if (live.checked && !document.hidden && shown) await look(shown);
  setTimeout(tick, EVERY_MS);
}

async function introduce() {
  try {
    const info = await ask("GET", "");
    write(document.getElementById("worker"), `${info.version} · cluster ${info.kafka_cluster_id ?? "unknown"}`);
  } catch {
    // the view says why
  }
}

addEventListener("hashchange", async () => {
  await open();
  main.querySelector("h1")?.focus({ preventScroll: false });
});
open();
introduce();
setTimeout(tick, EVERY_MS);
