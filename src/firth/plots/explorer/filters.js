/** What the map shows: ranks from one to another, and all groups or one. */

import { byId, element, number, wordElement } from "./elements.js";

const FEWEST = 30;

/** Two sliders over ranks, in even steps of the logarithm: as much way from 10 to 100 as from 1,000 to 10,000. */
export function rankSliders(words, map) {
  const [low, high] = [byId("from-rank"), byId("to-rank")];
  const steps = Number(high.max);
  const rank = (slider) => Math.round(words ** (slider.value / steps));
  byId("frequency-part").hidden = words < FEWEST;

  const show = (moved) => {
    const other = moved === low ? high : low;
    if (rank(low) > rank(high)) other.value = moved.value;
    const [from, to] = [rank(low), rank(high)];
    const text = from === 1 && to === words ? `all ${number(words)}` : `ranks ${number(from)} to ${number(to)}`;
    byId("frequency-shown").textContent = text;
    for (const slider of [low, high]) slider.setAttribute("aria-valuetext", `rank ${number(rank(slider))}`);
    map.setRange(from - 1, to);
  };
  for (const slider of [low, high]) slider.addEventListener("input", () => show(slider));
  show(low);
}

/** A button for each group, to show it alone; returns what colors them. */
export function groupButtons({ groups, groupOf }, map) {
  byId("groups-part").hidden = groups.length < 2;
  const sizes = new Array(groups.length).fill(0);
  for (const group of groupOf) sizes[group]++;
  const buttons = groups.map(({ name }, group) => {
    const swatch = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    swatch.setAttribute("viewBox", "0 0 2 2");
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    for (const key of ["cx", "cy", "r"]) dot.setAttribute(key, "1");
    swatch.append(dot);
    const button = element(
      "button",
      { type: "button", "aria-pressed": "false" },
      swatch, wordElement(name), element("span", {}, number(sizes[group])),
    );
    button.addEventListener("click", () => {
      const isAlone = button.getAttribute("aria-pressed") === "true";
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button && !isAlone));
      map.setAlone(isAlone ? null : group);
    });
    return button;
  });
  byId("groups").replaceChildren(...buttons);
  return (palette) => {
    buttons.forEach((button, group) => button.querySelector("circle").setAttribute("fill", palette.groups[groups[group].color]));
  };
}
