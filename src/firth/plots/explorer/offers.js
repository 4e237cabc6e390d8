/** The words that a text field offers while one types: a combobox with a list, as ARIA describes it. */

import { element, number, wordElement } from "./elements.js";

export class Offers {
  /**
   * @param choose called with the place of the word that was chosen
   * @param options `many`: the field holds many words, of which the last is completed; `eager`: the first word offered
   *   is taken by Enter without being pointed at
   */
  constructor(input, lexicon, choose, { many = false, eager = false } = {}) {
    Object.assign(this, { input, lexicon, choose, many, eager, places: [], at: -1 });
    this.list = element("ul", { class: "offers", role: "listbox", id: `${input.id}-offers`, "aria-label": "Words" });
    this.list.hidden = true;
    input.after(this.list);
    for (const [name, value] of Object.entries({
      role: "combobox", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id,
    })) {
      input.setAttribute(name, value);
    }
    input.addEventListener("input", () => this.offer());
    input.addEventListener("focus", () => !many && input.select());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.keyed(event));
  }

  /** What is being typed: all of the field, or the last word in it. */
  get typed() {
    return this.many ? this.input.value.split(/\s/).at(-1) : this.input.value;
  }

  offer() {
    const typed = this.typed.trim();
    const found = this.lexicon.complete(typed);
    const isKnown = found.length > 0 || typed === "";
    this.places = isKnown ? found : this.lexicon.near(typed);
    this.at = this.eager && this.places.length > 0 ? 0 : -1;
    const rows = this.places.map((place, row) => this.row(place, row));
    if (!isKnown) {
      const more = this.places.length > 0 ? " Did you mean:" : "";
      rows.unshift(element("li", { class: "none", role: "presentation" }, `No word here holds “${typed}”.${more}`));
    }
    this.list.replaceChildren(...rows);
    this.list.hidden = rows.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.point();
  }

  row(place, row) {
    return element(
      "li",
      {
        role: "option", id: `${this.list.id}-${row}`, "aria-selected": "false",
        onpointerdown: (event) => event.preventDefault(), // the field keeps the focus
        onclick: () => this.take(place),
      },
      wordElement(this.lexicon.words[place]),
      element("span", { "aria-hidden": "true" }, `#${number(place + 1)}`),
    );
  }

  keyed(event) {
    if (event.isComposing) return; // Enter and arrows belong to the input method, as for Chinese
    const { length } = this.places;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (this.list.hidden) this.offer();
      else if (length > 0) this.at = (this.at + step + length + (this.at < 0 && step < 0 ? 1 : 0)) % length;
      this.point();
    } else if (event.key === "Enter" && this.at >= 0 && !this.list.hidden) {
      event.preventDefault();
      this.take(this.places[this.at]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.stopPropagation(); // this Esc closes the list and nothing else
      this.close();
    }
  }

  point() {
    const options = this.list.querySelectorAll("[role=option]");
    options.forEach((option, row) => option.setAttribute("aria-selected", String(row === this.at)));
    if (this.at >= 0) {
      this.input.setAttribute("aria-activedescendant", options[this.at].id);
      options[this.at].scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  take(place) {
    const word = this.lexicon.words[place];
    this.input.value = this.many ? `${this.input.value.slice(0, this.input.value.length - this.typed.length)}${word} ` : word;
    this.close();
    this.choose(place);
  }

  close() {
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
