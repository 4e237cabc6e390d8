/** All points in one call to the graphics card (WebGL); where there is none, on a plain canvas, which is slower. */

import { channels, GROUP_COLORS } from "./colors.js";

const COLUMNS = 5; // x, y, group, the number of its color, how frequent

const VERTEX = `
attribute vec2 place;
attribute float group, hue;
attribute float frequent; // from 0, the rarest, to 1
uniform vec2 scale, offset;
uniform vec3 colors[COLORS];
uniform float size, alone, faint;
varying vec4 color;
varying float radius;
void main() {
  gl_Position = vec4(place * scale + offset, 0.0, 1.0);
  radius = size * (0.8 + 0.9 * frequent * frequent);
  gl_PointSize = 2.0 * radius + 1.0;
  float alpha = alone >= 0.0 && abs(alone - group) > 0.5 ? 0.1 * faint : faint;
  color = vec4(colors[int(hue)], alpha);
}`;

const FRAGMENT = `
precision mediump float;
varying vec4 color;
varying float radius;
void main() {
  float away = length(gl_PointCoord - 0.5) * (2.0 * radius + 1.0);
  float alpha = color.a * clamp(radius + 0.5 - away, 0.0, 1.0);
  if (alpha <= 0.0) discard;
  gl_FragColor = vec4(color.rgb * alpha, alpha);
}`;

/** @returns something with `draw(view, style)`; see `styleOf` in map.js for the style */
export function newPoints(canvas, contents) {
  const rarestFirst = inDrawingOrder(contents);
  const gl = canvas.getContext("webgl", { alpha: false, antialias: false, powerPreference: "high-performance" });
  return gl ? new CardPoints(canvas, gl, rarestFirst) : new PlainPoints(canvas, rarestFirst);
}

/** Frequent words are drawn last, above the others. */
function inDrawingOrder({ places, groupOf, groups }) {
  const count = groupOf.length;
  const rows = new Float32Array(COLUMNS * count);
  for (let place = 0; place < count; place++) {
    const frequent = count > 1 ? 1 - Math.log(place + 1) / Math.log(count) : 1;
    const group = groupOf[place];
    const row = [places[2 * place], places[2 * place + 1], group, groups[group].color, frequent];
    rows.set(row, COLUMNS * (count - 1 - place));
  }
  return { rows, count };
}

class CardPoints {
  constructor(canvas, gl, { rows, count }) {
    Object.assign(this, { canvas, gl, rows, count });
    this.prepare();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.prepare();
      if (this.last) this.draw(...this.last);
    });
  }

  prepare() {
    const { gl } = this;
    const program = gl.createProgram();
    const vertex = VERTEX.replace("COLORS", GROUP_COLORS);
    for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`the points can't be drawn: ${gl.getProgramInfoLog(program)}`);
    }
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, this.rows, gl.STATIC_DRAW);
    for (const [name, size, start] of [["place", 2, 0], ["group", 1, 2], ["hue", 1, 3], ["frequent", 1, 4]]) {
      const attribute = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(attribute);
      gl.vertexAttribPointer(attribute, size, gl.FLOAT, false, 4 * COLUMNS, 4 * start);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.at = (name) => gl.getUniformLocation(program, name);
  }

  draw(view, style) {
    this.last = [view, style];
    const { gl, canvas } = this;
    const dense = canvas.width / view.width;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(...channels(style.palette.ground), 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const across = (2 * view.scale) / view.width;
    const up = (2 * view.scale) / view.height;
    gl.uniform2f(this.at("scale"), across, up);
    gl.uniform2f(
      this.at("offset"),
      (2 * view.middleX) / view.width - 1 - view.x * across,
      1 - (2 * view.middleY) / view.height - view.y * up,
    );
    gl.uniform3fv(this.at("colors"), style.palette.groups.flatMap(channels));
    gl.uniform1f(this.at("size"), style.radius * dense);
    gl.uniform1f(this.at("alone"), style.alone ?? -1);
    gl.uniform1f(this.at("faint"), style.alpha);
    gl.drawArrays(gl.POINTS, this.count - style.to, style.to - style.from);
  }
}

class PlainPoints {
  constructor(canvas, { rows, count }) {
    Object.assign(this, { canvas, rows, count, pen: canvas.getContext("2d", { alpha: false }) });
  }

  draw(view, style) {
    const { canvas, pen, rows } = this;
    const dense = canvas.width / view.width;
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.globalAlpha = 1;
    pen.fillStyle = style.palette.ground;
    pen.fillRect(0, 0, view.width, view.height);
    for (let i = this.count - style.to; i < this.count - style.from; i++) {
      const [x, y, group, hue, frequent] = rows.subarray(COLUMNS * i, COLUMNS * (i + 1));
      const [left, top] = [view.pixelX(x), view.pixelY(y)];
      if (left < -9 || top < -9 || left > view.width + 9 || top > view.height + 9) continue;
      const radius = style.radius * (0.8 + 0.9 * frequent * frequent);
      pen.globalAlpha = style.alone !== null && style.alone !== group ? 0.1 * style.alpha : style.alpha;
      pen.fillStyle = style.palette.groups[hue];
      pen.beginPath();
      pen.arc(left, top, radius, 0, 7);
      pen.fill();
    }
  }
}
