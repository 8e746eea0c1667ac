// SPDX-License-Identifier: Apache-2.0
// The run as the page's parts ask for it: numbers by frame and image, pictures as elements.
import { readArrays, readMeta, readSheet } from "./decode.js";
import { count, element } from "./dom.js";

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
    return "step " + count(this.meta.steps[frame]) + this.#epoch(", epoch ", frame);
  }

  // The same where there is little room.
  shortMoment(frame) {
    return "step " + this.meta.steps[frame] + this.#epoch("  ·  epoch ", frame);
  }

  get hasPictures() {
    return this.meta.images.sheets > 0;
  }

  // The picture of image `i`; where there are none its name, or its index.
  // A picture is `size` CSS pixels wide and high at most.
  picture(i, size) {
    if (!this.hasPictures) return element("span", { className: "word", text: this.name(i).split("/").at(-1) || "#" + i });
    const { width, height, cellWidth, cellHeight, columns, rows } = this.meta.images;
    const perSheet = columns * rows;
    const place = i % perSheet;
    const scale = size / Math.max(width, height);
    const picture = element("span", { className: "picture", role: "img", "aria-label": "image " + i });
    const style = picture.style;
    style.width = width * scale + "px";
    style.height = height * scale + "px";
    style.backgroundImage = "var(--sheet-" + Math.floor(i / perSheet) + ")";
    style.backgroundSize = columns * cellWidth * scale + "px auto";
    style.backgroundPosition =
      -(place % columns) * cellWidth * scale + "px " + -Math.floor(place / columns) * cellHeight * scale + "px";
    return picture;
  }

  // Nothing where nobody knows it.
  #epoch(word, frame) {
    return this.meta.hasEpochs ? word + this.meta.epochs[frame].toFixed(2) : "";
  }
  #coordinate(at) {
    const value = this.arrays.points[at];
    return value === kNoNumber ? NaN : this.meta.range.low + (value / (kNoNumber - 1)) * (this.meta.range.high - this.meta.range.low);
  }
  #unit(value) {
    return value === kNoNumber ? NaN : value / (kNoNumber - 1);
  }
}
