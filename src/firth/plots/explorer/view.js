/** Which part of the map is seen: positions to pixels and back, zooming, and flying from one view to another. */

const FARTHEST_OUT = 0.6;
const CLOSEST = 400;

export class View {
  constructor() {
    this.width = this.height = 1;
    this.inset = { left: 0, top: 0, right: 0, bottom: 0 }; // at its edges, what panels take
    this.covered = []; // boxes of pixels that panels cover
    this.x = this.y = 0; // the position in the middle of what is free
    this.scale = 1; // pixels for one unit
    this.whole = { x: 0, y: 0, halfWidth: 1, halfHeight: 1 };
  }

  get middleX() {
    return (this.inset.left + this.width - this.inset.right) / 2;
  }

  get middleY() {
    return (this.inset.top + this.height - this.inset.bottom) / 2;
  }

  pixelX(x) {
    return (x - this.x) * this.scale + this.middleX;
  }

  pixelY(y) {
    return (this.y - y) * this.scale + this.middleY;
  }

  /** Position to pixel as numbers, for loops over all points: x is `x * scale + left`, y is `top - y * scale`. */
  get frame() {
    return { scale: this.scale, left: this.middleX - this.x * this.scale, top: this.middleY + this.y * this.scale };
  }

  /** How far it is zoomed in; 1 shows the whole map. */
  get zoom() {
    return this.scale / this.wholeScale;
  }

  get wholeScale() {
    return this.scaleFor(this.whole.halfWidth, this.whole.halfHeight);
  }

  scaleFor(halfWidth, halfHeight) {
    const freeX = Math.max(this.width - this.inset.left - this.inset.right, 80);
    const freeY = Math.max(this.height - this.inset.top - this.inset.bottom, 80);
    return Math.min(freeX / 2 / halfWidth, freeY / 2 / halfHeight);
  }

  within(scale) {
    return Math.min(Math.max(scale, FARTHEST_OUT * this.wholeScale), CLOSEST * this.wholeScale);
  }

  /** What to show when everything is to be seen: all but the outermost hundredth of the points. */
  setWhole(places) {
    const range = (offset) => {
      const sorted = places.filter((_, i) => i % 2 === offset).sort();
      const cut = Math.floor(sorted.length / 200);
      return [sorted[cut], sorted[sorted.length - 1 - cut]];
    };
    const [[left, right], [bottom, top]] = [range(0), range(1)];
    const half = Math.max(right - left, top - bottom, 1e-6) / 2;
    this.whole = {
      x: (left + right) / 2,
      y: (bottom + top) / 2,
      halfWidth: Math.max((right - left) / 2, half / 50) * 1.12,
      halfHeight: Math.max((top - bottom) / 2, half / 50) * 1.12,
    };
  }

  showWhole() {
    Object.assign(this, this.wholeTarget());
  }

  wholeTarget() {
    return { x: this.whole.x, y: this.whole.y, scale: this.wholeScale };
  }

  moveBy(pixelsX, pixelsY) {
    this.x -= pixelsX / this.scale;
    this.y += pixelsY / this.scale;
    const { whole } = this; // never so far that the map is lost
    this.x = Math.min(Math.max(this.x, whole.x - 1.5 * whole.halfWidth), whole.x + 1.5 * whole.halfWidth);
    this.y = Math.min(Math.max(this.y, whole.y - 1.5 * whole.halfHeight), whole.y + 1.5 * whole.halfHeight);
  }

  /** Zoom so that what is under a pixel stays there. */
  zoomAt(pixelX, pixelY, factor) {
    const scale = this.within(this.scale * factor);
    const [x, y] = [this.x + (pixelX - this.middleX) / this.scale, this.y - (pixelY - this.middleY) / this.scale];
    this.x = x - (pixelX - this.middleX) / scale;
    this.y = y + (pixelY - this.middleY) / scale;
    this.scale = scale;
  }

  /** A view of all these positions. */
  targetForAll(points) {
    const [[left, right], [bottom, top]] = [0, 1].map((coordinate) => {
      const values = points.map((point) => point[coordinate]);
      return [Math.min(...values), Math.max(...values)];
    });
    const middle = [(left + right) / 2, (bottom + top) / 2];
    return this.targetFor([middle, [right, top]]);
  }

  /** A view of these positions, the first in the middle; single ones that lie far away may fall outside. */
  targetFor(points) {
    const [first, ...rest] = points;
    const far = (coordinate) => {
      const distances = rest.map((point) => Math.abs(point[coordinate] - first[coordinate])).sort((a, b) => a - b);
      return (distances[Math.floor(0.75 * (distances.length - 1))] ?? 0) * 1.25;
    };
    const least = 0.012;
    const scale = this.scaleFor(
      Math.max(far(0), least * this.whole.halfWidth),
      Math.max(far(1), least * this.whole.halfHeight),
    );
    return { x: first[0], y: first[1], scale: this.within(scale) };
  }

  /** The view at a moment between two, from 0 to 1: eased, even in zoom. */
  between(start, end, moment) {
    const eased = moment < 0.5 ? 4 * moment ** 3 : 1 - (2 - 2 * moment) ** 3 / 2;
    this.x = start.x + (end.x - start.x) * eased;
    this.y = start.y + (end.y - start.y) * eased;
    this.scale = start.scale * (end.scale / start.scale) ** eased;
  }
}
