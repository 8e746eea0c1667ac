// SPDX-License-Identifier: Apache-2.0
// What lies over a scatter plot: class names at their centroids (where there is room), numbers on the worst outliers, a ring around the
// image under the pointer. Drawn apart from the plot, so that neither waits for the other.
import { element } from "./dom.js";

const kMaxLabels = 20;
const kLabelHeight = 15;

// Where the data point (x, y) is within the plot's element; null outside of what the axes show.
function placeOf(plot, x, y) {
  const { xaxis, yaxis } = plot._fullLayout;
  const px = xaxis.l2p(x);
  const py = yaxis.l2p(y);
  const inside = px >= 0 && px <= xaxis._length && py >= 0 && py <= yaxis._length;
  return inside ? { left: xaxis._offset + px, top: yaxis._offset + py } : null;
}

function put(node, place) {
  node.hidden = !place;
  if (place) node.style.transform = "translate(" + place.left + "px," + place.top + "px)";
}

function centroids(dataset, frame) {
  const sums = dataset.meta.classNames.map(() => ({ x: 0, y: 0, n: 0 }));
  for (let i = 0; i < dataset.size; ++i) {
    const sum = sums[dataset.label(i)];
    const x = dataset.x(frame, i);
    if (Number.isNaN(x)) continue;
    sum.x += x;
    sum.y += dataset.y(frame, i);
    ++sum.n;
  }
  return sums.map(({ x, y, n }) => (n > 0 ? { x: x / n, y: y / n } : null));
}

export class Overlay {
  constructor(dataset, state, plot) {
    Object.assign(this, { dataset, state, plot });
    const names = dataset.meta.classNames;
    this.labels = (names.length <= kMaxLabels ? names : []).map((text) => element("span", { text, className: "centroid" }));
    this.ranks = Array.from({ length: dataset.meta.outliers }, (_, k) => element("span", { text: String(k + 1), className: "rank" }));
    this.ring = element("span", { className: "ring" });
    this.layer = element("div", { className: "overlay", "aria-hidden": "true" }, ...this.labels, ...this.ranks, this.ring);
    plot.append(this.layer);
    this.widths = this.labels.map((label) => label.offsetWidth);
  }

  draw(frame) {
    this.frame = frame;
    const taken = [];
    centroids(this.dataset, frame).forEach((point, c) => {
      if (!this.labels[c]) return;
      const place = point && !this.state.hidden.has(c) ? placeOf(this.plot, point.x, point.y) : null;
      const width = this.widths[c];
      const free = place && !taken.some((other) =>
        Math.abs(other.left - place.left) < (other.width + width) / 2 && Math.abs(other.top - place.top) < kLabelHeight);
      if (free) taken.push({ ...place, width });
      put(this.labels[c], free ? place : null);
    });
    this.dataset.outliers(frame).forEach((i, k) => put(this.ranks[k], this.#placeOfImage(i)));
    this.drawRing();
  }

  drawRing() {
    const at = this.state.hovered ? this.state.hovered.index : this.state.active;
    put(this.ring, at >= 0 ? this.#placeOfImage(at) : null);
  }

  #placeOfImage(i) {
    if (this.state.hidden.has(this.dataset.label(i))) return null;
    return placeOf(this.plot, this.dataset.x(this.frame, i), this.dataset.y(this.frame, i));
  }
}
