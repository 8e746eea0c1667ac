// SPDX-License-Identifier: Apache-2.0
// What lies over a scatter plot: class names in the middle of their points, or beside them at the end of a line where
// there is no room, numbers on the worst outliers, a ring around the image under the pointer. Drawn apart from the
// plot, so that neither waits for the other.
import { element } from "./dom.js";
import { kHidden } from "./filter.js";
import { LabelPlaces, boxAround, middleOf, nearestIn } from "./label_places.js";
import { colourOf, setAttributes, svgElement } from "./palette.js";

const kMaxLabels = 20;
const kLabelEm = 12;
const kLabelHeight = 18;
const kLabelPad = 4; // pixels to each side
const kRankWidth = 19;
// As in the animation. In mean distances from the class's middle: how far the nearest other class is where a name among
// the points reads; how far it is at least, or all classes from their middle, where a line can lead to a class.
const kApart = 0.95;
const kOwnPlace = 0.15;
const kOwnRegion = 0.4;

// Where the point (x, y) is within the plot's element; null outside of what is shown, and where there is none.
function placeOf(plane, x, y) {
  const left = plane.left(x);
  const top = plane.top(y);
  return left >= 0 && left <= plane.width && top >= 0 && top <= plane.height ? { left, top } : null;
}

function put(node, place) {
  node.hidden = !place;
  if (place) node.style.transform = "translate(" + place.left + "px," + place.top + "px)";
}

// Where each shown class's points are: their mean, and their mean distance from it; null where it has none.
function clusters(dataset, places, hidden) {
  const sums = dataset.meta.classNames.map(() => ({ x: 0, y: 0, n: 0, radius: 0 }));
  const add = (action) => {
    for (let i = 0; i < dataset.size; ++i) {
      const x = places[2 * i];
      if (!Number.isNaN(x)) action(sums[dataset.label(i)], x, places[2 * i + 1]);
    }
  };
  add((sum, x, y) => {
    sum.x += x;
    sum.y += y;
    ++sum.n;
  });
  for (const sum of sums) Object.assign(sum, { x: sum.x / sum.n, y: sum.y / sum.n });
  add((sum, x, y) => (sum.radius += Math.hypot(x - sum.x, y - sum.y) / sum.n));
  return sums.map((sum, c) => (sum.n > 0 && !hidden.has(c) ? sum : null));
}

// "among" its points or "beside" them: where a class's name belongs; null where its points are mixed with all others,
// and a name would say what is not so.
function wantedPlaces(all) {
  const shown = all.filter(Boolean);
  const mean = (value) => shown.reduce((sum, cluster) => sum + cluster.n * value(cluster), 0) / shown.reduce((sum, { n }) => sum + n, 0);
  const [x, y] = [mean((cluster) => cluster.x), mean((cluster) => cluster.y)];
  const spread = mean((cluster) => Math.hypot(cluster.x - x, cluster.y - y));
  return all.map((cluster) => {
    if (!cluster) return null;
    const nearest = Math.min(...shown.filter((other) => other !== cluster).map((other) => Math.hypot(other.x - cluster.x, other.y - cluster.y)));
    if (nearest > kApart * cluster.radius) return "among";
    return nearest > kOwnPlace * cluster.radius || spread > kOwnRegion * cluster.radius ? "beside" : null;
  });
}

// A line from the middle of a class's points to its name.
class Leader {
  constructor(c) {
    this.lines = ["leader-halo", "leader-line"].map((name) => svgElement("line", { class: name }));
    this.dot = svgElement("circle", { class: "leader-dot", r: 3.5, fill: colourOf(c) });
    this.node = svgElement("g");
    this.node.append(...this.lines, this.dot);
  }

  // `from`: a place; null: there is none.
  draw(from, box) {
    const to = from && box ? nearestIn(box, from.left, from.top) : null;
    const isShown = to !== null && Math.hypot(to[0] - from.left, to[1] - from.top) >= kLabelEm;
    this.node.style.display = isShown ? "" : "none";
    if (!isShown) return;
    for (const line of this.lines) setAttributes(line, { x1: from.left, y1: from.top, x2: to[0], y2: to[1] });
    setAttributes(this.dot, { cx: from.left, cy: from.top });
  }
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
  constructor(dataset, state, plot, plane) {
    Object.assign(this, { dataset, state, plot, plane });
    const names = dataset.meta.classNames;
    this.labels = (names.length <= kMaxLabels ? names : []).map((text) => element("span", { text, className: "centroid" }));
    this.leaders = this.labels.map((_, c) => new Leader(c));
    this.ranks = Array.from({ length: dataset.meta.outliers }, (_, k) => element("span", { text: String(k + 1), className: "rank" }));
    this.ring = element("span", { className: "ring" });
    const lines = svgElement("svg", { class: "leaders" });
    lines.append(...this.leaders.map(({ node }) => node));
    this.layer = element("div", { className: "overlay", "aria-hidden": "true" }, lines, ...this.labels, ...this.ranks, this.ring);
    plot.append(this.layer);
    this.widths = this.labels.map((label) => label.offsetWidth + 2 * kLabelPad);
  }

  // `places`: [N, 2], of the points, at the checkpoint `frame` or on the way from there.
  draw(frame, places) {
    Object.assign(this, { frame, places });
    const ranks = this.#drawRanks();
    if (this.labels.length > 0) this.#drawLabels(ranks.filter(Boolean));
    this.drawRing();
  }
  // On the way between checkpoints names stay where they are.
  drawOnTheWay(places) {
    this.places = places;
    this.#drawRanks();
    this.drawRing();
  }

  #drawRanks() {
    const ranks = spread(this.dataset.outliers(this.frame).map((i) => this.#placeOfImage(i)));
    ranks.forEach((place, k) => put(this.ranks[k], place));
    return ranks;
  }

  #drawLabels(ranks) {
    const all = clusters(this.dataset, this.places, this.state.hidden);
    const wanted = wantedPlaces(all);
    const anchors = all.map((cluster) => cluster && placeOf(this.plane, cluster.x, cluster.y));
    const places = this.#places(ranks);
    anchors.forEach((anchor, c) => anchor && wanted[c] && places.keep(c, anchor.left, anchor.top));
    const boxes = anchors.map((anchor, c) => (anchor && wanted[c] === "among" ? this.#among(places, c, anchor) : null));
    anchors.forEach((anchor, c) => {
      if (anchor && wanted[c] && !boxes[c]) boxes[c] = places.beside(c, anchor.left, anchor.top, this.widths[c], kLabelHeight);
      put(this.labels[c], boxes[c] && middleOf(boxes[c]));
      this.leaders[c].draw(anchor, boxes[c]);
    });
  }

  // With all shown points, and the numbers in their places.
  #places(ranks) {
    const { dataset, plane, state } = this;
    const area = { left: 0, right: plane.width, top: 0, bottom: plane.height };
    const places = new LabelPlaces(area, kLabelEm);
    for (let i = 0; i < dataset.size; ++i) {
      if (state.mask[i] === kHidden) continue;
      const place = placeOf(plane, this.places[2 * i], this.places[2 * i + 1]);
      if (place) places.addPoint(place.left, place.top);
    }
    places.countPoints();
    // A number stands above its point, as style.css says.
    for (const rank of ranks) places.take(boxAround(rank.left + 10, rank.top - 13, kRankWidth, kRankWidth));
    return places;
  }

  // In the middle of the class's points, or a line above or below it; null if there is no room.
  #among(places, c, { left, top }) {
    const { area } = places;
    const width = this.widths[c];
    for (const shift of [0, -1, 1]) {
      const x = Math.max(area.left + width / 2, Math.min(left, area.right - width / 2));
      const y = Math.max(area.top + kLabelHeight / 2, Math.min(top + shift * kLabelHeight, area.bottom - kLabelHeight / 2));
      const box = boxAround(x, y, width, kLabelHeight);
      if (!places.isFree(box, c)) continue;
      places.take(box);
      return box;
    }
    return null;
  }

  drawRing() {
    const at = this.state.hovered ? this.state.hovered.index : this.state.active;
    put(this.ring, at >= 0 ? this.#placeOfImage(at) : null);
  }

  #placeOfImage(i) {
    if (this.state.mask[i] === kHidden) return null;
    return placeOf(this.plane, this.places[2 * i], this.places[2 * i + 1]);
  }
}
