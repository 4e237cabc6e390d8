/** The map: points and labels drawn when something changed, and moved by pointer, touch, wheel and keys. */

import { PALETTES } from "./colors.js";
import { Labels } from "./labels.js";
import { Points } from "./points.js";
import { View } from "./view.js";

const REACH = 12; // pixels from a point within which it is meant
const CLICK = 5; // pixels that a pointer may move in a click
const FLIGHT = 550; // milliseconds
const MOST_PIXELS = 6e6; // of the canvas, so that huge screens stay smooth

const NO_MARKS = { centers: [], others: [], arrows: [] };

export class WordMap {
  /**
   * @param on `{choose(place or null), hover(place or null, x, y)}`: what to call for a click and for the pointer
   */
  constructor(canvas, contents, on) {
    Object.assign(this, { canvas, on, places: contents.places, groupOf: contents.groupOf });
    this.view = new View();
    this.view.setWhole(contents.places);
    // The image comes from memory with every frame, so the canvas is kept there and not on a graphics card.
    const pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    this.points = new Points(pen, contents);
    this.labels = new Labels(pen, contents);
    this.range = { from: 0, to: contents.words.length };
    this.alone = null; // the number of the one group that is shown
    this.marks = NO_MARKS;
    this.hovered = null;
    this.palette = PALETTES.light;
    this.pointers = new Map();
    this.flight = null;
    this.listen();
  }

  /** Fit the canvases to the window; `inset` is what panels take at its edges, `covered` the boxes they cover. */
  resize({ inset, covered }) {
    const { view } = this;
    const wasWhole = view.scale === 1 || Math.abs(view.zoom - 1) < 1e-3;
    Object.assign(view, { width: innerWidth, height: innerHeight, inset, covered });
    const dense = Math.min(devicePixelRatio || 1, 2, Math.sqrt(MOST_PIXELS / (view.width * view.height)));
    const [width, height] = [Math.round(view.width * dense), Math.round(view.height * dense)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    if (wasWhole) view.showWhole();
    this.refresh();
  }

  setTheme(name) {
    this.palette = PALETTES[name];
    this.refresh();
  }

  setRange(from, to) {
    this.range = { from, to };
    this.refresh();
  }

  setAlone(group) {
    this.alone = group;
    this.refresh();
  }

  /** Mark words: those asked about, those that answer, arrows from one to another. */
  mark(marks) {
    this.marks = { ...NO_MARKS, ...marks };
    this.refresh();
  }

  setHovered(place) {
    if (place === this.hovered) return;
    this.hovered = place;
    this.refresh();
  }

  refresh() {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      if (this.flight) this.fly(now);
      const style = this.styleOf();
      this.points.draw(this.view, style);
      this.labels.draw(this.view, style, { ...this.marks, hovered: this.hovered });
    });
  }

  /** How points are drawn: fewer are larger, and they grow, though slowly, as one zooms in. */
  styleOf() {
    const { from, to } = this.range;
    const many = Math.min(5.5, Math.max(1.5, 1.1 + 50 / Math.sqrt(to - from)));
    const closer = Math.min(2.6, Math.max(1, this.view.zoom) ** 0.32);
    const isMarked = this.marks.centers.length + this.marks.others.length > 0;
    return {
      from, to, palette: this.palette, alone: this.alone,
      radius: Math.min(many * closer, 7),
      strength: isMarked ? 0.3 : 0.85,
    };
  }

  fly(now) {
    const { flight, view } = this;
    flight.began ??= now;
    const moment = Math.min(1, (now - flight.began) / FLIGHT);
    view.between(flight.from, flight.to, moment);
    if (moment === 1) this.flight = null;
    else requestAnimationFrame(() => this.refresh());
  }

  flyTo(to) {
    const { x, y, scale } = this.view;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.flight = still ? null : { from: { x, y, scale }, to, began: null };
    if (still) Object.assign(this.view, to);
    this.refresh();
  }

  showAll() {
    this.flyTo(this.view.wholeTarget());
  }

  /** Bring a word into view, in the middle of what is around it, or all of several. */
  show(places, isAll) {
    const points = places.map((place) => [this.places[2 * place], this.places[2 * place + 1]]);
    this.flyTo(isAll ? this.view.targetForAll(points) : this.view.targetFor(points));
  }

  isSeen(place) {
    const { view } = this;
    const [x, y] = this.labels.pixels(view, place);
    const { left, top, right, bottom } = view.inset;
    return x > left + 20 && y > top + 20 && x < view.width - right - 20 && y < view.height - bottom - 20;
  }

  zoomBy(factor) {
    this.flight = null;
    this.view.zoomAt(this.view.middleX, this.view.middleY, factor);
    this.refresh();
  }

  moveBy(x, y) {
    this.flight = null;
    this.view.moveBy(x, y);
    this.refresh();
  }

  /** The place of the point at a pixel, or null; marked points come first, then the nearest. */
  pointAt(x, y) {
    const { view, places } = this;
    const marked = new Set([...this.marks.centers, ...this.marks.others]);
    let [best, nearest] = [null, REACH * REACH];
    for (let place = 0; place < places.length / 2; place++) {
      const isMarked = marked.has(place);
      if (!isMarked && (place < this.range.from || place >= this.range.to)) continue;
      if (!isMarked && this.alone !== null && this.groupOf[place] !== this.alone) continue;
      const away = (view.pixelX(places[2 * place]) - x) ** 2 + (view.pixelY(places[2 * place + 1]) - y) ** 2;
      const felt = isMarked ? away / 4 : away;
      if (felt < nearest) [best, nearest] = [place, felt];
    }
    return best;
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.pressed(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    canvas.addEventListener("pointerup", (event) => this.released(event));
    canvas.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.keyed(event));
  }

  pressed(event) {
    if (event.button !== 0) return;
    this.flight = null;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, travelled: 0 });
  }

  moved(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) {
      if (event.pointerType !== "touch") this.hover(this.pointAt(event.clientX, event.clientY), event);
      return;
    }
    const other = [...this.pointers.values()].find((each) => each !== pointer);
    const [x, y] = [event.clientX - pointer.x, event.clientY - pointer.y];
    if (other) {
      const before = Math.hypot(pointer.x - other.x, pointer.y - other.y);
      const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      this.view.moveBy(x / 2, y / 2);
      const [middleX, middleY] = [(event.clientX + other.x) / 2, (event.clientY + other.y) / 2];
      if (before > 0) this.view.zoomAt(middleX, middleY, after / before);
      other.travelled = Infinity; // two fingers never click
    } else if (pointer.travelled + Math.hypot(x, y) > CLICK) {
      this.canvas.classList.add("moving");
      this.hover(null);
      this.view.moveBy(x, y);
    }
    pointer.travelled += Math.hypot(x, y);
    Object.assign(pointer, { x: event.clientX, y: event.clientY });
    this.refresh();
  }

  released(event) {
    const pointer = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    this.canvas.classList.remove("moving");
    if (pointer && pointer.travelled <= CLICK) this.on.choose(this.pointAt(event.clientX, event.clientY));
  }

  hover(place, event) {
    this.canvas.classList.toggle("pointing", place !== null);
    this.setHovered(place);
    this.on.hover(place, event?.clientX, event?.clientY);
  }

  wheeled(event) {
    event.preventDefault();
    this.flight = null;
    const lines = event.deltaMode === 1 ? 16 : 1;
    const speed = event.ctrlKey ? 0.01 : 0.0016; // with ctrl it is two fingers on a touchpad
    this.view.zoomAt(event.clientX, event.clientY, Math.exp(-event.deltaY * lines * speed));
    this.hover(null);
    this.refresh();
  }

  keyed(event) {
    const step = event.shiftKey ? 240 : 60;
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.moveBy(...moves[event.key]);
  }
}
