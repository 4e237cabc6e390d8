/** Colors of the map: groups in colors that people with any color vision tell apart (after Okabe and Ito, 2008). */

export const PALETTES = {
  light: {
    ground: "#fafaf7",
    ink: "#1d2126",
    soft: "#5b626b",
    accent: "#005f96",
    groups: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#d08f00", "#3ea6de", "#8a8400"],
  },
  dark: {
    ground: "#13161b",
    ink: "#e9ebee",
    soft: "#a4abb6",
    accent: "#6cbcf0",
    groups: ["#3a9be0", "#e8762c", "#1fbf92", "#d996ba", "#e69f00", "#7cc9f2", "#f0e442"],
  },
};

/** Red, green and blue of "#rrggbb". */
function channels(color) {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}

/** So much of one color over another, from 0 to 1. */
export function mixed(under, over, share) {
  const above = channels(over);
  const parts = channels(under).map((channel, i) => Math.round(channel + (above[i] - channel) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** A color as images hold it, four bytes in one number. */
export function packed(color) {
  const [red, green, blue] = channels(color);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
