/** Elements of the page. Words reach it as text alone, never as markup. */

import { shown } from "./lexicon.js";

export const byId = (id) => document.getElementById(id);

/** Make an element; strings among the children become text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** A word, kept apart from the direction of the text around it, so that Arabic stands right among English. */
export function wordElement(word) {
  return element("bdi", { dir: "auto", title: word.length > 24 ? shown(word) : false }, shown(word));
}

export const number = (value) => value.toLocaleString("en");

export function cosineText(cosine) {
  return cosine.toFixed(2).replace("-0.00", "0.00").replace("-", "−");
}
