/**
 * All points, painted into an image by hand: twenty thousand take a few milliseconds on any machine, while a graphics
 * card that is only imitated takes longer to hand its picture over.
 */

import { mixed, packed } from "./colors.js";

const SIZES = 8; // frequent words have larger points
const PHASES = 4; // places within a pixel, each way, so that points glide when the map moves
const FAINT = 0.12; // of points that are there for orientation alone

export class Points {
  constructor(pen, { places, groupOf, groups }) {
    Object.assign(this, { pen, places, groupOf, groups });
    const count = groupOf.length;
    this.sizeOf = Uint8Array.from(groupOf, (_, place) => {
      const frequent = count > 1 ? 1 - Math.log(place + 1) / Math.log(count) : 1;
      return Math.round((SIZES - 1) * frequent);
    });
  }

  draw(view, style) {
    const { pen } = this;
    const { canvas } = pen;
    if (this.image?.width !== canvas.width || this.image.height !== canvas.height) {
      this.image = pen.createImageData(canvas.width, canvas.height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    const { palette, alone } = style;
    this.pixels.fill(packed(palette.ground));
    const colors = (share) => this.groups.map(({ color }) => packed(mixed(palette.ground, palette.groups[color], share)));
    const stamps = this.stamps((style.radius * canvas.width) / view.width);
    if (alone === null) this.paint(view, style, stamps, colors(style.strength), () => true);
    else {
      this.paint(view, style, stamps, colors(FAINT), (group) => group !== alone);
      this.paint(view, style, stamps, colors(style.strength), (group) => group === alone);
    }
    pen.putImageData(this.image, 0, 0);
  }

  /** Frequent words last, above the others. */
  paint(view, { from, to }, stamps, colors, isMeant) {
    const { places, groupOf, sizeOf } = this;
    const { width, height } = this.pen.canvas;
    const dense = width / view.width;
    const frame = view.frame;
    const [scale, offsetX, offsetY] = [frame.scale * dense, frame.left * dense, frame.top * dense];
    for (let place = to - 1; place >= from; place--) {
      const group = groupOf[place];
      if (!isMeant(group)) continue;
      const x = places[2 * place] * scale + offsetX;
      const y = offsetY - places[2 * place + 1] * scale;
      const left = Math.floor(x);
      const top = Math.floor(y);
      const { reach, covers } = stamps[sizeOf[place]];
      if (left < reach || top < reach || left >= width - reach || top >= height - reach) continue;
      const phase = Math.floor((y - top) * PHASES) * PHASES + Math.floor((x - left) * PHASES);
      this.stamp(left - reach, top - reach, 2 * reach + 1, covers[phase], colors[group]);
    }
  }

  stamp(left, top, size, cover, color) {
    const { pixels } = this;
    const { width } = this.pen.canvas;
    for (let row = 0, i = 0; row < size; row++) {
      for (let at = (top + row) * width + left, end = at + size; at < end; at++, i++) {
        const share = cover[i];
        if (share === 256) pixels[at] = color;
        else if (share > 0) pixels[at] = blend(pixels[at], color, share);
      }
    }
  }

  /** For each size and phase, how much of each pixel a disc covers, from 0 to 256. */
  stamps(radius) {
    if (this.stampsFor?.radius === radius) return this.stampsFor.stamps;
    const stamps = Array.from({ length: SIZES }, (_, size) => {
      const own = radius * (0.8 + 0.9 * (size / (SIZES - 1)) ** 2);
      const reach = Math.ceil(own + 0.5);
      const covers = Array.from({ length: PHASES * PHASES }, (_, phase) =>
        disc(own, reach, ((phase % PHASES) + 0.5) / PHASES, (Math.floor(phase / PHASES) + 0.5) / PHASES),
      );
      return { reach, covers };
    });
    this.stampsFor = { radius, stamps };
    return stamps;
  }
}

function disc(radius, reach, x, y) {
  const size = 2 * reach + 1;
  const cover = new Uint16Array(size * size);
  for (let i = 0; i < cover.length; i++) {
    const across = (i % size) - reach + 0.5 - x;
    const down = Math.floor(i / size) - reach + 0.5 - y;
    const inside = radius + 0.5 - Math.sqrt(across * across + down * down);
    cover[i] = Math.round(256 * Math.min(1, Math.max(0, inside)));
  }
  return cover;
}

/** One packed color over another, `share` of 256 parts. */
function blend(under, over, share) {
  const redAndBlue = (((under & 0xff00ff) * (256 - share) + (over & 0xff00ff) * share) >>> 8) & 0xff00ff;
  const green = (((under & 0xff00) * (256 - share) + (over & 0xff00) * share) >>> 8) & 0xff00;
  return (0xff000000 | green | redAndBlue) >>> 0;
}
