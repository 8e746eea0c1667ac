// SPDX-License-Identifier: Apache-2.0
// What lies over a scatter plot: class names at their centroids (where there is room), numbers on the worst outliers, a ring around the
// image under the pointer. Drawn apart from the plot, so that neither waits for the other.
import { element } from "./dom.js";

const kMaxLabels = 20;
const kLabelHeight = 18;
const kRankWidth = 19;
const kToEdge = 4; // pixels from a name to the plot's edge, at least
const kApart = 0.95; // in mean distances from the class's middle

// Where the data point (x, y) is within the plot's element; null outside of what the axes show.
function placeOf(plot, x, y) {
  const { xaxis, yaxis } = plot._fullLayout;
  const px = xaxis.l2p(x);
  const py = yaxis.l2p(y);
  const inside = px >= 0 && px <= xaxis._length && py >= 0 && py <= yaxis._length;
  return inside ? { left: xaxis._offset + px, top: yaxis._offset + py } : null;
}

// A name at the plot's edge moves inwards, so that all of it is seen. As in the animation.
function keptInside(plot, left, top, width) {
  const keep = (at, { _offset, _length }, half) => Math.max(_offset + half, Math.min(at, _offset + _length - half));
  const { xaxis, yaxis } = plot._fullLayout;
  return { left: keep(left, xaxis, width / 2 + kToEdge), top: keep(top, yaxis, kLabelHeight / 2), width };
}

function put(node, place) {
  node.hidden = !place;
  if (place) node.style.transform = "translate(" + place.left + "px," + place.top + "px)";
}

// Where each class's points are: their mean, and their mean distance from it; null where it has none.
function clusters(dataset, frame) {
  const sums = dataset.meta.classNames.map(() => ({ x: 0, y: 0, n: 0, radius: 0 }));
  const add = (action) => {
    for (let i = 0; i < dataset.size; ++i) {
      const x = dataset.x(frame, i);
      if (!Number.isNaN(x)) action(sums[dataset.label(i)], x, dataset.y(frame, i));
    }
  };
  add((sum, x, y) => {
    sum.x += x;
    sum.y += y;
    ++sum.n;
  });
  for (const sum of sums) Object.assign(sum, { x: sum.x / sum.n, y: sum.y / sum.n });
  add((sum, x, y) => (sum.radius += Math.hypot(x - sum.x, y - sum.y) / sum.n));
  return sums.map((sum) => (sum.n > 0 ? sum : null));
}

// Has the class come apart from all others? A name among mixed points would say what is not so. As in the animation.
function standsApart(cluster, all) {
  return all.every((other) => other === null || other === cluster ||
    Math.hypot(other.x - cluster.x, other.y - cluster.y) > kApart * cluster.radius);
}

// Pushes numbers that lie over one another apart, so that each can be read. As in the animation.
function spread(places) {
  for (let round = 0; round < 8; ++round) {
    places.forEach((a, i) => {
      for (const b of places.slice(i + 1)) {
        if (!a || !b) continue;
        const distance = Math.hypot(b.left - a.left, b.top - a.top);
        const push = (kRankWidth - distance) / 2;
        if (push <= 0) continue;
        const x = distance > 0 ? (b.left - a.left) / distance : 1;
        const y = distance > 0 ? (b.top - a.top) / distance : 0;
        a.left -= push * x;
        a.top -= push * y;
        b.left += push * x;
        b.top += push * y;
      }
    });
  }
  return places;
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
    const ranks = spread(this.dataset.outliers(frame).map((i) => this.#placeOfImage(i)));
    ranks.forEach((place, k) => put(this.ranks[k], place));
    // A number stands above its point, as style.css says.
    const taken = ranks.filter(Boolean).map(({ left, top }) => ({ left: left + 10, top: top - 13, width: kRankWidth }));
    const all = clusters(this.dataset, frame);
    this.labels.forEach((label, c) => {
      const shown = all[c] && !this.state.hidden.has(c) && standsApart(all[c], all);
      const place = shown ? placeOf(this.plot, all[c].x, all[c].y) : null;
      put(label, place && this.#freePlace(place, this.widths[c], taken));
    });
    this.drawRing();
  }

  // The place, or one above or below it, where a label covers nothing; null if there is none.
  #freePlace({ left, top }, width, taken) {
    for (const shift of [0, -1, 1, -2, 2]) {
      const place = keptInside(this.plot, left, top + shift * kLabelHeight, width);
      const free = taken.every((other) =>
        Math.abs(other.left - place.left) >= (other.width + width) / 2 || Math.abs(other.top - place.top) >= kLabelHeight);
      if (!free) continue;
      taken.push(place);
      return place;
    }
    return null;
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
