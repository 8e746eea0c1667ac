// SPDX-License-Identifier: Apache-2.0
// Training images beside the test images: hollow marks, of which none hides what lies beneath for good, since a chip in
// the legend takes them away.
import { byId, count, element } from "./dom.js";
import { styleOf } from "./palette.js";

const kSide = 9; // pixels of a mark
const kRim = 1.6;
const kReachOfMark = 8; // pixels from the pointer in which a mark is meant
const kUnits = 10; // of the marks' paths, from side to side

export class TrainingMarks {
  constructor(dataset, state, plot, plane) {
    Object.assign(this, { dataset, state, plot, plane, places: new Float32Array(2 * dataset.trainingSize) });
    this.canvas = element("canvas", { className: "training", "aria-hidden": "true" });
    plot.append(this.canvas);
    this.paths = dataset.meta.classNames.map((_, c) => new Path2D(styleOf(c).path));
  }

  draw(frame, share) {
    if (this.dataset.trainingSize === 0) return;
    const pen = this.#clear();
    if (!this.state.training) return;
    this.dataset.trainingPlacesAt(frame, share, this.places);
    pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--card");
    pen.lineWidth = (kRim * kUnits) / kSide;
    const density = window.devicePixelRatio || 1;
    const scale = (density * kSide) / kUnits;
    for (let j = 0; j < this.dataset.trainingSize; ++j) {
      const { x, y } = this.#placeOf(j);
      if (Number.isNaN(x) || this.#isHidden(j)) continue;
      pen.setTransform(scale, 0, 0, scale, x * density, y * density);
      const path = this.paths[this.dataset.trainingLabel(j)];
      pen.strokeStyle = styleOf(this.dataset.trainingLabel(j)).colour;
      pen.fill(path);
      pen.stroke(path);
    }
  }

  // The training image whose mark is at the place, -1 where none is.
  nearest({ x, y }) {
    let best = -1;
    let reach = kReachOfMark ** 2;
    if (!this.state.training) return best;
    for (let j = 0; j < this.dataset.trainingSize; ++j) {
      const place = this.#placeOf(j);
      const distance = (place.x - x) ** 2 + (place.y - y) ** 2;
      if (distance <= reach && !this.#isHidden(j)) [best, reach] = [j, distance];
    }
    return best;
  }

  #isHidden(j) {
    return this.state.hidden.has(this.dataset.trainingLabel(j));
  }
  #placeOf(j) {
    return { x: this.plane.left(this.places[2 * j]), y: this.plane.top(this.places[2 * j + 1]) };
  }
  #clear() {
    const density = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.plot.clientWidth * density));
    this.canvas.height = Math.max(1, Math.round(this.plot.clientHeight * density));
    return this.canvas.getContext("2d");
  }
}

// A chip beside those of the classes.
export function createTrainingChip(dataset, state) {
  if (dataset.trainingSize === 0) return;
  const chip = element("button", { type: "button", className: "chip", id: "training-chip",
    title: "Hollow marks: " + count(dataset.trainingSize) + " training images. Click: hide or show.",
    onclick: () => state.set({ training: !state.training }) }, element("span", { className: "hollow-mark" }), element("span", { text: "training images" }));
  byId("legend").append(chip);
  state.on(["training"], () => chip.setAttribute("aria-pressed", String(state.training)));
}
