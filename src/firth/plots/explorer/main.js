/** Puts the page together: what is asked stands in the address, and whenever that changes, the answer is shown. */

import { go, readAddress } from "./address.js";
import { Answers, examples, hint } from "./answers.js";
import { PALETTES } from "./colors.js";
import { readContents } from "./contents.js";
import { byId, number, wordElement } from "./elements.js";
import { groupButtons, rankSliders } from "./filters.js";
import { Lexicon, shown } from "./lexicon.js";
import { WordMap } from "./map.js";
import { Offers } from "./offers.js";
import { Space } from "./space.js";
import { Theme } from "./theme.js";

const TABS = ["word", "analogy", "odd"];
const ANALOGY_FIELDS = ["analogy-a", "analogy-b", "analogy-c"];
const NEAREST = 15;
const ANALOGY_ANSWERS = 8;
const NARROW = matchMedia("(max-width: 719px)");

const contents = readContents();
const { words } = contents;
const space = new Space(contents);
const lexicon = new Lexicon(words);
const map = new WordMap(byId("map"), contents, {
  choose: (place) => {
    clicked = true;
    if (place === null) go();
    else go("word", [words[place]]);
  },
  hover: showHover,
});
const answers = new Answers(contents, space, lexicon, (place) => map.setHovered(place));
let clicked = false; // whether what is asked was chosen on the map, which then stays where it is

// ---- the map and what lies over it

/** What panels leave of the window. */
function room() {
  const [top, sheet, zoom] = [".top", ".sheet", ".zoom"].map((each) => document.querySelector(each).getBoundingClientRect());
  const covered = [top, sheet, zoom];
  if (!NARROW.matches) return { covered, inset: { left: top.right + 10, top: 10, right: 60, bottom: 10 } };
  return { covered, inset: { left: 8, top: top.bottom + 4, right: 8, bottom: innerHeight - sheet.top + 4 } };
}

function showHover(place, x, y) {
  const box = byId("hover");
  box.hidden = place === null;
  if (place === null) return;
  const facts = [`rank ${number(place + 1)}`];
  if (contents.counts) facts.push(`seen ${number(contents.counts[place])} times`);
  const line = document.createElement("span");
  line.textContent = facts.join(" · ");
  box.replaceChildren(wordElement(words[place]), line);
  const { width, height } = box.getBoundingClientRect();
  const left = x + 16 + width > innerWidth ? x - 12 - width : x + 16;
  const top = y + 16 + height > innerHeight ? y - 12 - height : y + 16;
  box.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
}

function fold(isFolded) {
  byId("sheet").classList.toggle("folded", isFolded);
  byId("fold").setAttribute("aria-expanded", String(!isFolded));
  map.resize(room());
}

// ---- questions and answers

function openTab(name) {
  for (const each of TABS) {
    const tab = byId(`tab-${each}`);
    tab.setAttribute("aria-selected", String(each === name));
    tab.tabIndex = each === name ? 0 : -1;
    byId(`panel-${each}`).hidden = each !== name;
  }
}

function say(text) {
  byId("spoken").textContent = text;
}

/** Mark words on the map and bring them into view: one among its neighbors, or all of several. */
function mark(marks, isAll) {
  map.resize(room()); // the panel is as large as its answer
  map.mark(marks);
  const shownThere = [...marks.centers, ...marks.others];
  if (!clicked || !marks.centers.every((place) => map.isSeen(place))) map.show(shownThere, isAll);
}

function answerWord([typed]) {
  openTab("word");
  byId("search").value = typed;
  const place = lexicon.find(typed);
  if (place === undefined) {
    map.mark({});
    byId("word-card").replaceChildren(...answers.unknown(typed, (word) => go("word", [word])));
    return say(`${shown(typed)} is not here`);
  }
  const found = space.isZero(place) ? [] : space.nearest([place], [], NEAREST);
  byId("word-card").replaceChildren(...answers.wordCard(place, found));
  const others = found.map((each) => each.place);
  mark({ centers: [place], others }, false);
  document.title = `${shown(words[place])} · ${contents.title}`;
  return say(`${shown(words[place])}: nearest are ${others.slice(0, 5).map((each) => shown(words[each])).join(", ")}`);
}

function answerAnalogy(asked) {
  openTab("analogy");
  ANALOGY_FIELDS.forEach((id, i) => (byId(id).value = asked[i] ?? ""));
  const box = byId("analogy-answer");
  const places = asked.map((word) => lexicon.find(word));
  const missing = places.indexOf(undefined);
  if (asked.length !== 3 || missing >= 0) {
    map.mark({});
    const replaced = (word) => go("analogy", asked.with(missing, word));
    const reply = asked.length === 3 ? answers.unknown(asked[missing], replaced) : [hint("An analogy needs three words.")];
    box.replaceChildren(...reply);
    return;
  }
  const [a, b, c] = places;
  const found = space.nearest([b, c], [a], ANALOGY_ANSWERS);
  if (found.length === 0) return box.replaceChildren(hint("No word is left that could answer."));
  box.replaceChildren(answers.list(found, "Answers, the best first"));
  const best = found[0].place;
  mark({ centers: [...new Set(places)], others: [best], arrows: [[a, b], [c, best]] }, true);
  say(`${words[a]} is to ${words[b]} as ${words[c]} is to ${shown(words[best])}`);
}

function answerOdd(asked) {
  openTab("odd");
  const field = byId("odd-words");
  if (field.value.trim().split(/\s+/).join(",") !== asked.join(",")) field.value = asked.join(" ");
  const box = byId("odd-answer");
  const places = asked.map((word) => lexicon.find(word));
  const missing = places.indexOf(undefined);
  map.mark({});
  if (missing >= 0) return box.replaceChildren(...answers.unknown(asked[missing], (word) => go("odd", asked.with(missing, word))));
  if (new Set(places).size < 3) return box.replaceChildren(hint("Give three words or more, with spaces between."));
  const fits = space.fits([...new Set(places)]);
  const [odd, ...rest] = fits.map((each) => each.place);
  box.replaceChildren(answers.list(fits, "Words, the odd one out first; numbers are cosines with the mean", "odd"));
  mark({ centers: [odd], others: rest }, true);
  return say(`${shown(words[odd])} is the odd one out`);
}

function showNothing() {
  map.mark({});
  byId("search").value = "";
  const tried = [...new Set(contents.groups.map((group) => group.words[0]))].slice(0, 8);
  const text = "Search a word or click a point to see the words nearest to it.";
  byId("word-card").replaceChildren(hint(text), examples(tried, (word) => go("word", [word])));
  byId("analogy-answer").replaceChildren();
  byId("odd-answer").replaceChildren();
}

function answer() {
  document.title = contents.title;
  const asked = readAddress();
  if (asked && NARROW.matches) fold(false);
  const reply = { word: answerWord, analogy: answerAnalogy, odd: answerOdd }[asked?.kind] ?? showNothing;
  reply(asked?.words);
  clicked = false;
}

// ---- what people use

function listenToFields() {
  new Offers(byId("search"), lexicon, (place) => go("word", [words[place]]), { eager: true });
  for (const id of ANALOGY_FIELDS) new Offers(byId(id), lexicon, () => nextEmpty(id));
  new Offers(byId("odd-words"), lexicon, () => {}, { many: true });
  byId("analogy-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = ANALOGY_FIELDS.map((id) => byId(id).value.trim());
    const empty = asked.indexOf("");
    if (empty >= 0) byId(ANALOGY_FIELDS[empty]).focus();
    else go("analogy", asked);
  });
  byId("odd-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = byId("odd-words").value.split(/\s+/).filter((word) => word !== "");
    if (asked.length > 0) go("odd", asked);
  });
}

function nextEmpty(id) {
  const next = ANALOGY_FIELDS.slice(ANALOGY_FIELDS.indexOf(id) + 1).find((each) => byId(each).value === "");
  if (next) byId(next).focus();
  else byId("analogy-form").requestSubmit();
}

function listenToTabs() {
  TABS.forEach((name, at) => {
    byId(`tab-${name}`).addEventListener("click", () => {
      openTab(name);
      if (NARROW.matches) fold(false);
    });
    byId(`tab-${name}`).addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = TABS[(at + step + TABS.length) % TABS.length];
      openTab(next);
      byId(`tab-${next}`).focus();
    });
  });
}

const KEYS = {
  "/": () => byId("search").focus(),
  "+": () => map.zoomBy(1.5),
  "=": () => map.zoomBy(1.5),
  "-": () => map.zoomBy(1 / 1.5),
  0: () => map.showAll(),
  "?": () => byId("keys").showModal(),
};

function listenToKeys() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
    const isTyping = event.target.matches("input[type=text]");
    if (event.key === "Escape") {
      if (isTyping) event.target.blur();
      else go();
      if (isTyping) byId("map").focus({ preventScroll: true });
    } else if (!isTyping && event.key in KEYS) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });
}

function start() {
  byId("title").textContent = contents.title;
  byId("title").title = contents.title;
  byId("about").textContent = contents.about.join(" · ");
  const colorGroups = groupButtons(contents, map);
  rankSliders(words.length, map);
  new Theme(byId("theme"), (name) => {
    map.setTheme(name);
    colorGroups(PALETTES[name]);
  });
  listenToFields();
  listenToTabs();
  listenToKeys();
  byId("zoom-in").addEventListener("click", KEYS["+"]);
  byId("zoom-out").addEventListener("click", KEYS["-"]);
  byId("zoom-all").addEventListener("click", KEYS[0]);
  byId("keys-open").addEventListener("click", KEYS["?"]);
  byId("fold").addEventListener("click", () => fold(!byId("sheet").classList.contains("folded")));
  addEventListener("resize", () => map.resize(room()));
  addEventListener("hashchange", answer);
  for (const part of document.querySelectorAll("details.part")) part.open = !NARROW.matches;
  fold(NARROW.matches);
  answer();
}

start();
