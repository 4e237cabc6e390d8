/** Words beside their points: frequent ones first, each where no other stands; above them what is chosen or hovered. */

import { shownOnMap } from "./lexicon.js";

const CELL = 4; // pixels
const GAP = 7; // pixels after a label
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
const FONT_SIZES = [15, 13, 12];
const FEW = 300; // of so few words each is worth trying more than one spot for

/** Which parts of the screen are taken, in cells. */
class Room {
  constructor(view) {
    this.columns = Math.ceil(view.width / CELL) + 1;
    this.rows = Math.ceil(view.height / CELL) + 1;
    this.taken = new Uint8Array(this.columns * this.rows);
    for (const { left, top, right, bottom } of view.covered) this.fill(left, top, right, bottom);
  }

  cells(left, top, right, bottom) {
    const [first, last] = [Math.max(0, Math.floor(left / CELL)), Math.min(this.columns - 1, Math.floor(right / CELL))];
    const [high, low] = [Math.max(0, Math.floor(top / CELL)), Math.min(this.rows - 1, Math.floor(bottom / CELL))];
    return { first, last, high, low };
  }

  fill(left, top, right, bottom) {
    const { first, last, high, low } = this.cells(left, top, right, bottom);
    for (let row = high; row <= low && first <= last; row++) {
      this.taken.fill(1, row * this.columns + first, row * this.columns + last + 1);
    }
  }

  /** Whether a box is free; takes it if it is. */
  take(left, top, right, bottom) {
    const { first, last, high, low } = this.cells(left, top, right, bottom);
    for (let row = high; row <= low; row++) {
      for (let column = first; column <= last; column++) {
        if (this.taken[row * this.columns + column]) return false;
      }
    }
    this.fill(left, top, right, bottom);
    return true;
  }

  isTaken(x, y) {
    const [column, row] = [Math.floor(x / CELL), Math.floor(y / CELL)];
    return this.taken[Math.max(0, row) * this.columns + Math.max(0, column)] === 1;
  }
}

export class Labels {
  constructor(pen, { words, places, groupOf, groups }) {
    Object.assign(this, { pen, words, places, groupOf, groups });
    this.texts = new Array(words.length); // as shown, once they were
    this.widths = FONT_SIZES.map(() => new Float32Array(words.length));
  }

  /**
   * @param marks `{centers, others, arrows, hovered}`: places of the words asked about, of those that answer, pairs of
   *   places that an arrow joins, and the place under the pointer or null
   */
  draw(view, style, marks) {
    const { pen } = this;
    const dense = pen.canvas.width / view.width;
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const room = new Room(view);
    const marked = new Set([...marks.centers, ...marks.others]);
    this.drawLines(view, style, marks);
    for (const place of marked) this.keepOff(room, view, place, 4);
    const boxes = [];
    for (const place of marks.centers) this.placeMarked(room, view, style, place, 15, boxes);
    for (const place of marks.others) this.placeMarked(room, view, style, place, 13, boxes);
    this.drawMany(room, view, style, marked);
    this.drawDots(view, style, marks);
    for (const box of boxes) this.drawPill(box, style, marks.centers.includes(box.place));
    if (marks.hovered !== null) this.drawRing(view, style, marks.hovered, style.radius + 4);
  }

  drawMany(room, view, style, marked) {
    const { pen } = this;
    pen.globalAlpha = marked.size > 0 ? 0.45 : 1;
    pen.strokeStyle = style.palette.ground;
    pen.fillStyle = style.palette.ink;
    pen.lineWidth = 3;
    const isFew = style.to - style.from <= FEW;
    for (let place = style.from; isFew && place < style.to; place++) this.keepOff(room, view, place, style.radius - 1);
    let size = -1;
    const { scale, left: offsetX, top: offsetY } = view.frame;
    for (let place = style.from; place < style.to; place++) {
      const x = this.places[2 * place] * scale + offsetX;
      const y = offsetY - this.places[2 * place + 1] * scale;
      if (x < -160 || y < -9 || x > view.width + 9 || y > view.height + 9) continue;
      if (marked.has(place) || (style.alone !== null && this.groupOf[place] !== style.alone)) continue;
      const left = x + style.radius + 4;
      if (!isFew && (room.isTaken(left, y) || room.isTaken(left + 18, y))) continue; // sees most of the crowd off
      const wanted = place < 40 ? 0 : place < 1000 ? 1 : 2;
      if (wanted !== size) {
        size = wanted;
        pen.font = `${FONT_SIZES[size]}px ${FONT}`;
      }
      const text = (this.texts[place] ??= shownOnMap(this.words[place]));
      const width = this.widths[size][place] || (this.widths[size][place] = pen.measureText(text).width);
      const half = FONT_SIZES[size] * 0.5;
      const fits = ([at, middle, gap]) => room.take(at - 1, middle - half - 2, at + width + gap, middle + half + 2);
      const spot = spotsFor(x, y, width, half, style.radius, view.width, isFew).find(fits);
      if (!spot) continue;
      pen.strokeText(text, spot[0], spot[1]);
      pen.fillText(text, spot[0], spot[1]);
    }
    pen.globalAlpha = 1;
  }

  keepOff(room, view, place, reach) {
    const [x, y] = this.pixels(view, place);
    room.fill(x - reach, y - reach, x + reach, y + reach);
  }

  /** Find room for the label of a marked word: right of its point, or left, above, below. */
  placeMarked(room, view, style, place, size, boxes) {
    const { pen } = this;
    const x = view.pixelX(this.places[2 * place]);
    const y = view.pixelY(this.places[2 * place + 1]);
    if (x < 0 || y < 0 || x > view.width || y > view.height) return;
    pen.font = `600 ${size}px ${FONT}`;
    const text = shownOnMap(this.words[place]);
    const width = pen.measureText(text).width + 12;
    const height = size + 8;
    const away = style.radius + 7;
    const spots = [
      [x + away, y - height / 2], [x - away - width, y - height / 2],
      [x - width / 2, y - away - height], [x - width / 2, y + away],
      [x + away * 0.7, y - away * 0.7 - height], [x + away * 0.7, y + away * 0.7],
      [x - away * 0.7 - width, y - away * 0.7 - height], [x - away * 0.7 - width, y + away * 0.7],
    ];
    for (const [left, top] of spots) {
      if (left < view.inset.left || left + width > view.width - view.inset.right) continue;
      if (!room.take(left, top, left + width, top + height)) continue;
      boxes.push({ place, text, size, left, top, width, height });
      return;
    }
  }

  drawPill({ place, text, size, left, top, width, height }, { palette }, isCenter) {
    const { pen } = this;
    pen.font = `600 ${size}px ${FONT}`;
    pen.fillStyle = isCenter ? palette.ink : palette.ground;
    pen.globalAlpha = 0.92;
    pen.beginPath();
    pen.roundRect(left, top, width, height, 6);
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineWidth = 1.25;
    pen.strokeStyle = isCenter ? palette.ink : this.color(palette, place);
    pen.stroke();
    pen.fillStyle = isCenter ? palette.ground : palette.ink;
    pen.fillText(text, left + 6, top + height / 2 + 0.5);
  }

  drawLines(view, { palette }, { centers, others, arrows }) {
    const { pen } = this;
    pen.lineWidth = 1;
    pen.strokeStyle = palette.soft;
    pen.globalAlpha = 0.55;
    pen.beginPath();
    for (const to of centers.length === 1 ? others : []) {
      pen.moveTo(...this.pixels(view, centers[0]));
      pen.lineTo(...this.pixels(view, to));
    }
    pen.stroke();
    pen.globalAlpha = 1;
    for (const [from, to] of arrows) this.drawArrow(this.pixels(view, from), this.pixels(view, to), palette.accent);
  }

  drawArrow([fromX, fromY], [toX, toY], color) {
    const { pen } = this;
    const angle = Math.atan2(toY - fromY, toX - fromX);
    const length = Math.hypot(toX - fromX, toY - fromY);
    if (length < 14) return;
    const along = (distance, side = 0) => [
      fromX + distance * Math.cos(angle) - side * Math.sin(angle),
      fromY + distance * Math.sin(angle) + side * Math.cos(angle),
    ];
    pen.lineWidth = 2;
    pen.strokeStyle = color;
    pen.fillStyle = color;
    pen.beginPath();
    pen.moveTo(fromX, fromY);
    pen.lineTo(...along(length - 14));
    pen.stroke();
    pen.beginPath();
    pen.moveTo(...along(length - 7));
    pen.lineTo(...along(length - 17, 5));
    pen.lineTo(...along(length - 17, -5));
    pen.fill();
  }

  drawDots(view, style, { centers, others }) {
    const { pen } = this;
    for (const place of [...others, ...centers]) {
      pen.fillStyle = this.color(style.palette, place);
      pen.beginPath();
      pen.arc(...this.pixels(view, place), Math.max(4, style.radius * 1.3), 0, 7);
      pen.fill();
      pen.lineWidth = 1.5;
      pen.strokeStyle = style.palette.ground;
      pen.stroke();
    }
    for (const place of centers) this.drawRing(view, style, place, Math.max(4, style.radius * 1.3) + 3);
  }

  drawRing(view, { palette }, place, radius) {
    const { pen } = this;
    pen.lineWidth = 2;
    pen.strokeStyle = palette.ink;
    pen.beginPath();
    pen.arc(...this.pixels(view, place), radius, 0, 7);
    pen.stroke();
  }

  color(palette, place) {
    return palette.groups[this.groups[this.groupOf[place]].color];
  }

  pixels(view, place) {
    return [view.pixelX(this.places[2 * place]), view.pixelY(this.places[2 * place + 1])];
  }
}

/** Where a label may stand: left edge, middle, and the gap to keep after it; right of its point if that is seen. */
function spotsFor(x, y, width, half, radius, viewWidth, isFew) {
  const beside = x + radius + 4 + width > viewWidth ? [] : [[x + radius + 4, y, GAP]];
  const before = [x - radius - 4 - width, y, 1];
  if (!isFew) return beside.length > 0 ? beside : [before];
  const away = radius + 6 + half;
  const spots = [...beside, before, [x - width / 2, y - away, 1], [x - width / 2, y + away, 1]];
  return spots.filter(([left]) => left >= 0 || x < 0);
}
