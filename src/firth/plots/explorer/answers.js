/** Answers as lists of words in the panel; each word can be chosen in its turn, and is ringed on the map when hovered. */

import { go } from "./address.js";
import { cosineText, element, number, wordElement } from "./elements.js";

export class Answers {
  /** @param point called with the place of the word under the pointer or with the focus, or null */
  constructor(contents, space, lexicon, point) {
    Object.assign(this, { contents, space, lexicon, point });
  }

  /** Words with their cosines, as a list of buttons. */
  list(found, label, tagFirst = "") {
    const rows = found.map(({ place, cosine }, row) => {
      const word = this.contents.words[place];
      const bar = element("i", { "aria-hidden": "true" });
      bar.style.width = `${100 * Math.max(0, cosine)}%`;
      const tag = row === 0 && tagFirst ? [element("span", { class: "tag" }, tagFirst)] : [];
      const button = element(
        "button",
        {
          type: "button",
          onclick: () => go("word", [word]),
          onpointerenter: () => this.point(place), onpointerleave: () => this.point(null),
          onfocus: () => this.point(place), onblur: () => this.point(null),
        },
        bar, wordElement(word), ...tag, element("span", { class: "number" }, cosineText(cosine)),
      );
      return element("li", {}, button);
    });
    return element("ol", { class: "answers", "aria-label": label }, ...rows);
  }

  /** What is known of a word, and the nearest ones. */
  wordCard(place, found) {
    const { words, counts, groups, groupOf } = this.contents;
    const facts = [`rank ${number(place + 1)} of ${number(words.length)}`];
    if (counts) facts.push(`seen ${number(counts[place])} times`);
    const title = element("h2", { class: "word" }, wordElement(words[place]));
    const card = [element("div", { class: "line" }, title, copyButton()), element("p", { class: "facts" }, facts.join(" · "))];
    if (groups.length > 1) card.push(element("p", { class: "facts" }, "in the group ", wordElement(groups[groupOf[place]].name)));
    if (this.space.isZero(place)) card.push(hint("Its vector is zero, which is near to nothing: the text said too little of it."));
    else if (found.length === 0) card.push(hint("There is no other word to compare it with."));
    else card.push(this.list(found, "Nearest words"));
    return card;
  }

  /** Words that are asked for and not here, with near spellings to choose from. */
  unknown(typed, ask) {
    const near = this.lexicon.near(typed);
    const sentence = `“${typed}” is not among the ${number(this.contents.words.length)} words of this page.`;
    const offered = near.map((place) => this.contents.words[place]);
    return [hint(offered.length > 0 ? `${sentence} Did you mean:` : sentence), examples(offered, ask)];
  }
}

export function hint(text) {
  return element("p", { class: "hint" }, text);
}

/** Words to try, as small buttons. */
export function examples(words, ask) {
  const buttons = words.map((word) =>
    element("button", { type: "button", class: "small", onclick: () => ask(word) }, wordElement(word)),
  );
  return element("p", { class: "examples" }, ...buttons);
}

function copyButton() {
  const button = element("button", { type: "button", class: "small", title: "Copy a link to this word" }, "Copy link");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copy it above"; // the browser lets no page copy; the address bar has it
    }
    setTimeout(() => (button.textContent = "Copy link"), 1600);
  });
  return button;
}
