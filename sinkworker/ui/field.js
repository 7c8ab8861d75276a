// One key of a form: its label, its input, what it does, and what is wrong with it.

import { h, write } from "./dom.js";
import { isSecret } from "./secrets.js";

// value: null when there is one that is not shown. typed: called at each change.
export function field(key, value, typed) {
  const id = `key-${key.name}`;
  const input = made(key, id, value, typed);
  const errors = h("p", { class: "bad", id: `${id}-errors` });
  const help = h("p", { class: "quiet", id: `${id}-help` }, key.documentation);
  const choices = h("datalist", { id: `${id}-choices` });
  const label = h("label", { for: id }, key.name, key.required ? h("span", { class: "quiet" }, " (required)") : null);
  const node = h("div", { class: "field" }, label, input, choices, errors, help);

  const tell = (told) => {
    // What has not been written yet is missing, but nobody is told so before they had their turn.
    const wrong = told.errors.join("\n");
    write(errors, wrong);
    wrong ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
    if (told.recommended_values.length && !choices.children.length) {
      choices.append(...told.recommended_values.map((each) => h("option", { value: each })));
    }
  };
  return { node, value: () => input.value.trim(), tell, fix: () => input.setAttribute("readonly", "") };
}

function made(key, id, value, typed) {
  const attributes = { id, oninput: typed, "aria-describedby": `${id}-errors ${id}-help` };
  if (key.type === "BOOLEAN") {
    const words = ["", "true", "false"];
    const texts = [key.default_value === null ? "" : `default: ${key.default_value}`, "true", "false"];
    const options = words.map((word, place) => h("option", { value: word }, texts[place]));
    return h("select", { ...attributes, value: undefined }, options.map((option) => mark(option, value)));
  }
  return h("input", {
    ...attributes,
    type: isSecret(key.name, key.type) ? "password" : "text",
    autocomplete: "off",
    spellcheck: "false",
    list: `${id}-choices`,
    value: value ?? "",
    placeholder: value === null ? "unchanged" : (key.default_value ?? ""),
  });
}

function mark(option, value) {
  option.selected = option.value === value;
  return option;
}
