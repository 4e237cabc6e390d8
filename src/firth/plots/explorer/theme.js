/** Light or dark: as the system says until the switch is used, and remembered where the browser allows it. */

const KEY = "firth-explorer-theme";
const SUN = "M8 4.2a3.8 3.8 0 1 0 0 7.6A3.8 3.8 0 0 0 8 4.2M7.3 0h1.4v2.6H7.3zM7.3 13.4h1.4V16H7.3zM0 7.3h2.6v1.4H0zM13.4 7.3H16v1.4h-2.6zM1.85 2.84l.99-.99 1.84 1.84-.99.99zM11.32 12.31l.99-.99 1.84 1.84-.99.99zM1.85 13.16l1.84-1.84.99.99-1.84 1.84zM11.32 3.69l1.84-1.84.99.99-1.84 1.84z";
const MOON = "M6.2 1.2a7 7 0 1 0 8.6 8.6A5.6 5.6 0 0 1 6.2 1.2";

export class Theme {
  constructor(button, onChange) {
    this.button = button;
    this.onChange = onChange;
    this.system = matchMedia("(prefers-color-scheme: dark)");
    this.chosen = remembered();
    this.system.addEventListener("change", () => this.apply());
    button.addEventListener("click", () => {
      this.chosen = this.isDark ? "light" : "dark";
      remember(this.chosen);
      this.apply();
    });
    this.apply();
  }

  get isDark() {
    return (this.chosen ?? (this.system.matches ? "dark" : "light")) === "dark";
  }

  apply() {
    if (this.chosen) document.documentElement.dataset.theme = this.chosen;
    this.button.setAttribute("aria-pressed", String(this.isDark));
    this.button.replaceChildren(icon(this.isDark ? SUN : MOON));
    this.onChange(this.isDark ? "dark" : "light");
  }
}

export function icon(path) {
  const [svg, shape] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

function remembered() {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null; // a page in a frame or with storage turned off has none
  }
}

function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // it holds until the page is closed, then
  }
}
