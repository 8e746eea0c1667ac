// SPDX-License-Identifier: Apache-2.0
// A view's points, on a canvas beneath Plotly's axes, painted as the animation's are. Plotly with WebGL would paint the
// classes of one shape after those of another, so that some cover others; and where a browser puts its page together
// without a GPU, a WebGL canvas loses points while it scrolls beneath the timeline.
import { element } from "./dom.js";
import { styleOf } from "./palette.js";

const kOpacity = 0.8;
const kFaint = 0.18; // of points beside a selection
const kLarger = 2; // pixels that a selected point is wider
const kMarkWidth = 8; // of a disc in the units of the marks' paths, which reach from -5 to 5
const kPhases = 4; // places within a pixel, each way, where a mark may stand

function pointSize(dataset) {
  return Math.max(3, Math.min(8, 11 - 1.6 * Math.log10(dataset.size + 1)));
}

const cellOf = (size) => Math.ceil((10 * size) / kMarkWidth) + 2;

// By path and phase: how much a mark `size` pixels wide covers of each of `cell` x `cell` pixels.
function makeMasks(paths, size, opacity) {
  const cell = cellOf(size);
  const phases = [...Array(kPhases * kPhases).keys()];
  const width = phases.length * cell;
  const pen = element("canvas", { width, height: paths.length * cell }).getContext("2d", { willReadFrequently: true });
  const scale = size / kMarkWidth;
  const middle = (phase) => cell / 2 + (phase + 0.5) / kPhases;
  paths.forEach((path, row) => phases.forEach((phase) => {
    pen.setTransform(scale, 0, 0, scale, phase * cell + middle(phase % kPhases), row * cell + middle(Math.floor(phase / kPhases)));
    pen.fill(new Path2D(path));
  }));
  const { data } = pen.getImageData(0, 0, width, paths.length * cell);
  const mask = (row, phase) => Float32Array.from({ length: cell * cell }, (_, at) =>
    opacity * data[4 * ((row * cell + Math.floor(at / cell)) * width + phase * cell + at % cell) + 3] / 255);
  return { cell, ofPath: new Map(paths.map((path, row) => [path, phases.map((phase) => mask(row, phase))])) };
}

// Lays a mark over `image`, the mask's left top corner at (left, top).
function press({ data, width }, left, top, mask, cell, [red, green, blue]) {
  for (let row = 0, at = 0; row < cell; ++row) {
    let to = 4 * ((top + row) * width + left);
    for (let column = 0; column < cell; ++column, ++at, to += 4) {
      const share = mask[at];
      if (share === 0) continue;
      const below = (1 - share) * data[to + 3] / 255;
      const sum = share + below;
      data[to] = (share * red + below * data[to]) / sum;
      data[to + 1] = (share * green + below * data[to + 1]) / sum;
      data[to + 2] = (share * blue + below * data[to + 2]) / sum;
      data[to + 3] = 255 * sum;
    }
  }
}

export class Points {
  constructor(dataset, state, plot) {
    Object.assign(this, { dataset, state, plot, density: 0 });
    this.canvas = element("canvas", { className: "points", "aria-hidden": "true" });
    plot.append(this.canvas);
    this.useTheme();
  }

  // Takes the colours of the theme now.
  useTheme() {
    this.styles = this.dataset.meta.classNames.map((_, c) => {
      const { colour, path } = styleOf(c);
      return { path, rgb: [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) };
    });
  }

  // In the order of the data, which favours no class; what is selected lies above the rest.
  draw(frame, selected = this.state.selected) {
    this.#prepare();
    if (selected.size === 0) {
      this.#paint(frame, this.#masks(0, kOpacity), () => true);
    } else {
      this.#paint(frame, this.#masks(0, kFaint), (i) => !selected.has(i));
      this.#paint(frame, this.#masks(kLarger, 1), (i) => selected.has(i));
    }
    this.canvas.getContext("2d").putImageData(this.image, -this.margin, -this.margin);
  }

  // An empty image of as many pixels as the screen has there, and a margin for the marks at its edge.
  #prepare() {
    const { canvas, plot } = this;
    const density = window.devicePixelRatio || 1;
    const [width, height] = [plot.clientWidth, plot.clientHeight].map((length) => Math.max(1, Math.round(length * density)));
    if (density === this.density && canvas.width === width && canvas.height === height) {
      this.image.data.fill(0);
      return;
    }
    Object.assign(this, { density, masks: new Map() });
    Object.assign(canvas, { width, height });
    this.margin = cellOf((pointSize(this.dataset) + kLarger) * density);
    this.image = new ImageData(width + 2 * this.margin, height + 2 * this.margin);
  }

  // Of marks `larger` pixels wider than most.
  #masks(larger, opacity) {
    if (!this.masks.has(opacity)) {
      const paths = [...new Set(this.styles.map(({ path }) => path))];
      this.masks.set(opacity, makeMasks(paths, (pointSize(this.dataset) + larger) * this.density, opacity));
    }
    return this.masks.get(opacity);
  }

  #paint(frame, { cell, ofPath }, isWanted) {
    const { canvas, dataset, image, margin, state, styles } = this;
    const [left, right, bottom, top] = this.#ranges();
    const across = canvas.width / (right - left);
    const down = canvas.height / (top - bottom);
    const masks = styles.map(({ path }) => ofPath.get(path));
    for (let i = 0; i < dataset.size; ++i) {
      const c = dataset.label(i);
      if (state.hidden.has(c) || !isWanted(i)) continue;
      const x = (dataset.x(frame, i) - left) * across + margin - cell / 2;
      const y = (top - dataset.y(frame, i)) * down + margin - cell / 2;
      if (!(x >= 0 && y >= 0 && x < image.width - cell && y < image.height - cell)) continue; // outside, or no number
      const phase = Math.floor(kPhases * (x % 1)) + kPhases * Math.floor(kPhases * (y % 1));
      press(image, Math.floor(x), Math.floor(y), masks[c][phase], cell, styles[c].rgb);
    }
  }

  // What part of the plane is shown; of Plotly's axes, also while it is being moved.
  #ranges() {
    const { low, high } = this.dataset.meta.range;
    const axes = this.plot._fullLayout;
    return axes ? [...axes.xaxis.range, ...axes.yaxis.range] : [low, high, low, high];
  }
}
