// SPDX-License-Identifier: Apache-2.0
// A view's points, on a canvas, painted as the animation's are: in the order of the data, so that no class covers the
// others. Not with WebGL: where a browser puts its page together without a GPU, such a canvas loses points while it
// scrolls beneath the timeline.
import { element } from "./dom.js";
import { kLeftOut, kShown } from "./filter.js";
import { styleOf } from "./palette.js";

const kOpacity = 0.8;
const kFaint = 0.25; // of points beside a selection
const kGhost = 0.1; // of those that a filter leaves out
const kGhostColour = [128, 134, 142];
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
function press({ data, width }, left, top, mask, cell, red, green, blue) {
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

// The mask of a mark whose box begins at (x, y), which is no whole pixel.
const phaseOf = (x, y) => Math.floor(kPhases * (x % 1)) + kPhases * Math.floor(kPhases * (y % 1));

export class Points {
  constructor(dataset, plot) {
    Object.assign(this, { dataset, plot, density: 0 });
    this.canvas = element("canvas", { className: "points", "aria-hidden": "true" });
    plot.append(this.canvas);
    this.paths = dataset.meta.classNames.map((_, c) => styleOf(c).path);
  }

  // `places`: [N, 2], in pixels from the plot's left top corner; `colours`: [N, 3] bytes; `mask`: see filter.js. What is selected lies above the rest,
  // what is left out below.
  draw({ places, colours, mask, selected }) {
    this.#prepare();
    const paint = (masks, isWanted) => this.#paint(places, colours, masks, isWanted);
    if (mask.includes(kLeftOut)) this.#paint(places, null, this.#masks(0, kGhost), (i) => mask[i] === kLeftOut && !selected.has(i));
    if (selected.size === 0) {
      paint(this.#masks(0, kOpacity), (i) => mask[i] === kShown);
    } else {
      paint(this.#masks(0, kFaint), (i) => mask[i] === kShown && !selected.has(i));
      paint(this.#masks(kLarger, 1), (i) => mask[i] !== 0 && selected.has(i));
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
    if (density !== this.density) Object.assign(this, { density, masks: new Map() });
    Object.assign(canvas, { width, height });
    this.margin = cellOf((pointSize(this.dataset) + kLarger) * density);
    this.image = new ImageData(width + 2 * this.margin, height + 2 * this.margin);
  }

  // Of marks `larger` pixels wider than most.
  #masks(larger, opacity) {
    if (!this.masks.has(opacity)) {
      const paths = [...new Set(this.paths)];
      this.masks.set(opacity, makeMasks(paths, (pointSize(this.dataset) + larger) * this.density, opacity));
    }
    return this.masks.get(opacity);
  }

  // Without colours: as a shadow.
  #paint(places, colours, { cell, ofPath }, isWanted) {
    const { dataset, density, image, margin } = this;
    const masks = this.paths.map((path) => ofPath.get(path));
    const edge = margin - cell / 2;
    const [bytes, step] = colours ? [colours, 3] : [kGhostColour, 0];
    for (let i = 0; i < dataset.size; ++i) {
      if (!isWanted(i)) continue;
      const x = places[2 * i] * density + edge;
      const y = places[2 * i + 1] * density + edge;
      if (!(x >= 0 && y >= 0 && x < image.width - cell && y < image.height - cell)) continue; // outside, or no number
      const mask = masks[dataset.label(i)][phaseOf(x, y)];
      press(image, Math.floor(x), Math.floor(y), mask, cell, bytes[step * i], bytes[step * i + 1], bytes[step * i + 2]);
    }
  }
}
