// SPDX-License-Identifier: Apache-2.0
// Room for class names on a plot: where nothing stands yet, and for a name beside its class's points also where few
// points are. As in the animation: src/render/label_places.cpp. Boxes are {left, top, right, bottom}, in pixels.

const kDirections = 32;
// Of a name's edge from its class's middle, in em.
const kNearestPlace = 2;
const kStepAway = 0.75;
const kDistances = 30;
const kEmOfAllPoints = 250; // what a line may be longer to leave all points uncovered
const kKept = 0.8; // em, around where a line begins

export const boxAround = (x, y, width, height) => ({ left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 });
export const middleOf = ({ left, top, right, bottom }) => ({ left: (left + right) / 2, top: (top + bottom) / 2 });
// The point of the box that is nearest to (x, y): where a line from there ends.
export const nearestIn = (box, x, y) => [Math.max(box.left, Math.min(x, box.right)), Math.max(box.top, Math.min(y, box.bottom))];

const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

// Lines are [x0, y0, x1, y1].
function crosses(a, b) {
  const side = ([x0, y0, x1, y1], x, y) => (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0);
  return side(a, b[0], b[1]) * side(a, b[2], b[3]) < 0 && side(b, a[0], a[1]) * side(b, a[2], a[3]) < 0;
}
const passes = (line, { left, top, right, bottom }) => crosses(line, [left, top, right, bottom]) || crosses(line, [right, top, left, bottom]);

export class LabelPlaces {
  // Names stay within the box `area`; `em` is the size of their text.
  constructor(area, em) {
    const cell = Math.max(1, em / 2);
    const columns = Math.ceil((area.right - area.left) / cell);
    const rows = Math.ceil((area.bottom - area.top) / cell);
    Object.assign(this, { area, em, cell, columns, rows, counts: new Float64Array((columns + 1) * (rows + 1)), taken: [], kept: [], lines: [] });
  }

  #column(x) {
    return Math.floor(Math.max(0, Math.min((x - this.area.left) / this.cell, this.columns)));
  }
  #row(y) {
    return Math.floor(Math.max(0, Math.min((y - this.area.top) / this.cell, this.rows)));
  }

  // Points that a name beside its class rather leaves uncovered.
  addPoint(x, y) {
    ++this.counts[Math.min(this.#row(y) + 1, this.rows) * (this.columns + 1) + Math.min(this.#column(x) + 1, this.columns)];
  }

  // Once all are added: in each cell and in all above and to the left.
  countPoints() {
    const { counts } = this;
    const width = this.columns + 1;
    for (let at = width; at < counts.length; ++at) {
      if (at % width > 0) counts[at] += counts[at - 1] + counts[at - width] - counts[at - width - 1];
    }
  }

  #covered(box) {
    const { counts } = this;
    const all = counts[counts.length - 1];
    if (all === 0) return 0;
    const width = this.columns + 1;
    const [left, right] = [this.#column(box.left), Math.min(this.#column(box.right) + 1, this.columns)];
    const [top, bottom] = [this.#row(box.top), Math.min(this.#row(box.bottom) + 1, this.rows)];
    return (counts[bottom * width + right] - counts[top * width + right] - counts[bottom * width + left] + counts[top * width + left]) / all;
  }

  take(box) {
    this.taken.push(box);
  }
  // No name but that of class `c` covers (x, y), its middle, where a line may begin; lines may pass there.
  keep(c, x, y) {
    this.kept.push({ c, box: boxAround(x, y, kKept * this.em, kKept * this.em) });
  }
  // For the name of class `c`.
  isFree(box, c) {
    return !this.taken.some((other) => overlaps(box, other)) && !this.kept.some((other) => other.c !== c && overlaps(box, other.box));
  }

  // Below: better. Infinite: the box is no place.
  #cost(c, box, line, away) {
    const { area } = this;
    const isInside = box.left >= area.left && box.right <= area.right && box.top >= area.top && box.bottom <= area.bottom;
    if (!isInside || !this.isFree(box, c) || this.taken.some((other) => passes(line, other))) return Infinity;
    if (this.lines.some((other) => crosses(line, other) || passes(other, box))) return Infinity;
    return away + kEmOfAllPoints * this.#covered(box);
  }

  // The best box of this size for a name whose line leads to (x, y): near, over few points, and with a line that
  // crosses neither another name nor another line. Takes it. null where no such box is within reach.
  beside(c, x, y, width, height) {
    let best = null;
    for (let direction = 0; direction < kDirections; ++direction) {
      const angle = (2 * Math.PI * direction) / kDirections;
      for (let step = 0; step < kDistances; ++step) {
        const away = kNearestPlace + kStepAway * step;
        const box = boxAround(x + Math.cos(angle) * (away * this.em + width / 2), y + Math.sin(angle) * (away * this.em + height / 2), width, height);
        const line = [x, y, ...nearestIn(box, x, y)];
        const cost = this.#cost(c, box, line, away);
        if (cost < (best ? best.cost : Infinity)) best = { cost, box, line };
      }
    }
    if (!best) return null;
    this.take(best.box);
    this.lines.push(best.line);
    return best.box;
  }
}
