// SPDX-License-Identifier: Apache-2.0
// Lines over a view's points: the lasso, the ways of selected images through all checkpoints, and from an image to its
// neighbours.
import { element } from "./dom.js";
import { colourOf } from "./palette.js";
import { subjectOf } from "./state.js";

const kMostTrails = 200;
const kStepsBetween = 4; // lines that a way takes from one checkpoint to the next

export class Lines {
  constructor(dataset, state, plot, plane) {
    Object.assign(this, { dataset, state, plane, path: null });
    this.canvas = element("canvas", { className: "lines", "aria-hidden": "true" });
    this.style = getComputedStyle(plot);
    plot.append(this.canvas);
  }

  // `places`: [N, 2], where the points are now.
  draw(frame, places) {
    const { canvas, plane } = this;
    const density = window.devicePixelRatio || 1;
    const wanted = this.path || subjectOf(this.state) >= 0 || (this.state.trails && this.state.selected.size > 0);
    if (!wanted && !this.isDrawn) return;
    this.isDrawn = wanted;
    Object.assign(canvas, { width: Math.round(plane.width * density), height: Math.round(plane.height * density) });
    if (!wanted) return;
    this.pen = canvas.getContext("2d");
    this.pen.scale(density, density);
    if (this.state.trails) this.#drawTrails(frame);
    this.#drawNeighbours(frame, places);
    if (this.path) this.#drawLasso();
  }

  #drawTrails(frame) {
    const { dataset, pen, plane, state } = this;
    pen.lineWidth = 1.5;
    const shown = [...state.selected].filter((i) => state.mask[i] !== 0).slice(0, kMostTrails);
    for (const i of shown) {
      const way = dataset.wayOf(i, kStepsBetween);
      const now = frame * kStepsBetween;
      pen.strokeStyle = this.style.getPropertyValue(colourOf(dataset.label(i)).slice(4, -1));
      for (const [from, to, opacity] of [[0, now, 0.85], [now, way.length - 1, 0.25]]) {
        pen.globalAlpha = shown.length > 40 ? opacity / 2 : opacity;
        pen.beginPath();
        for (let k = from; k <= to; ++k) pen.lineTo(plane.left(way[k][0]), plane.top(way[k][1]));
        pen.stroke();
      }
      pen.globalAlpha = 1;
      this.#dot(way[0]);
    }
  }
  // Where a way begins.
  #dot([x, y]) {
    const { pen, plane } = this;
    pen.beginPath();
    pen.arc(plane.left(x), plane.top(y), 2.5, 0, 2 * Math.PI);
    pen.fillStyle = pen.strokeStyle;
    pen.fill();
  }

  #drawNeighbours(frame, places) {
    const { dataset, pen, plane, state } = this;
    const i = subjectOf(state);
    if (i < 0 || !dataset.hasNeighbours || state.mask[i] === 0) return;
    pen.strokeStyle = this.style.getPropertyValue("--ink");
    pen.lineWidth = 1;
    pen.globalAlpha = 0.7;
    pen.beginPath();
    for (const j of dataset.neighbours(frame, i)) {
      pen.moveTo(plane.left(places[2 * i]), plane.top(places[2 * i + 1]));
      pen.lineTo(plane.left(places[2 * j]), plane.top(places[2 * j + 1]));
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }

  #drawLasso() {
    const { pen, path } = this;
    pen.strokeStyle = this.style.getPropertyValue("--accent");
    pen.lineWidth = 1.5;
    pen.setLineDash([5, 3]);
    pen.beginPath();
    path.forEach(({ x, y }) => pen.lineTo(x, y));
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
  }
}
