// SPDX-License-Identifier: Apache-2.0
// The run as the page's parts ask for it: numbers by frame and image, pictures as elements.
import { readArrays, readMeta, readSheet } from "./decode.js";
import { count } from "./dom.js";

const kNoNumber = 65535;

export async function openDataset() {
  const meta = readMeta();
  return new Dataset(meta, await readArrays(meta));
}

class Dataset {
  constructor(meta, arrays) {
    Object.assign(this, { meta, arrays, size: meta.size, frames: meta.steps.length });
  }

  // Elements of picture() are empty until then.
  async showPictures() {
    for (let i = 0; i < this.meta.images.sheets; ++i) {
      document.documentElement.style.setProperty("--sheet-" + i, "url(" + await readSheet(i) + ")");
    }
  }

  get hasPredictions() {
    return "prediction" in this.arrays;
  }
  label(i) {
    return this.arrays.label[i];
  }
  className(c) {
    return this.meta.classNames[c];
  }
  name(i) {
    return this.meta.names ? this.meta.names[i] : "";
  }
  x(frame, i) {
    return this.#coordinate(2 * (frame * this.size + i));
  }
  y(frame, i) {
    return this.#coordinate(2 * (frame * this.size + i) + 1);
  }
  // Scores are stored as their negative logarithms, so that the small ones, which matter most, are as exact.
  score(frame, i) {
    return Math.exp(-this.meta.largestDistance * this.#unit(this.arrays.distance[frame * this.size + i]));
  }
  prediction(frame, i) {
    return this.arrays.prediction[frame * this.size + i];
  }
  confidence(frame, i) {
    return "confidence" in this.arrays ? this.#unit(this.arrays.confidence[frame * this.size + i]) : NaN;
  }
  // The frame's worst outliers, worst first.
  outliers(frame) {
    const k = this.meta.outliers;
    return [...this.arrays.outlier.subarray(frame * k, (frame + 1) * k)];
  }
  // The given images, most atypical in this frame first.
  worstOf(indices, frame) {
    return [...indices].sort((a, b) => this.score(frame, a) - this.score(frame, b) || a - b);
  }
  moment(frame) {
    return "step " + count(this.meta.steps[frame]) + ", epoch " + this.meta.epochs[frame].toFixed(2);
  }

  // The picture of image `i`, `size` CSS pixels wide and high at most, as an element.
  picture(i, size) {
    const { width, height, cellWidth, cellHeight, columns, rows } = this.meta.images;
    const perSheet = columns * rows;
    const place = i % perSheet;
    const scale = size / Math.max(width, height);
    const element = document.createElement("span");
    element.className = "picture";
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", "image " + i);
    const style = element.style;
    style.width = width * scale + "px";
    style.height = height * scale + "px";
    if (this.meta.images.sheets === 0) return element;
    style.backgroundImage = "var(--sheet-" + Math.floor(i / perSheet) + ")";
    style.backgroundSize = columns * cellWidth * scale + "px auto";
    style.backgroundPosition =
      -(place % columns) * cellWidth * scale + "px " + -Math.floor(place / columns) * cellHeight * scale + "px";
    return element;
  }

  #coordinate(at) {
    const value = this.arrays.points[at];
    return value === kNoNumber ? NaN : this.meta.range.low + (value / (kNoNumber - 1)) * (this.meta.range.high - this.meta.range.low);
  }
  #unit(value) {
    return value === kNoNumber ? NaN : value / (kNoNumber - 1);
  }
}
