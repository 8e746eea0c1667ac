// SPDX-License-Identifier: Apache-2.0
// Checkpoints turned and moved onto one another by some images alone, so that what these are to one another and to the
// rest is seen and not where the whole cloud went. Rigid: distances stay.

const kMargin = 0.02; // of the picture's width, around all points

// The turn and the move that bring the places `from` nearest to `to`, in the sum of squares (Procrustes without a scale
// and without a mirror). Both are [[x, y], ...] of the same images.
export function rigidMap(from, to) {
  const meanOf = (places, axis) => places.reduce((sum, place) => sum + place[axis], 0) / Math.max(1, places.length);
  const [fromX, fromY, toX, toY] = [meanOf(from, 0), meanOf(from, 1), meanOf(to, 0), meanOf(to, 1)];
  let [along, across] = [0, 0];
  from.forEach(([x, y], k) => {
    const [a, b] = [x - fromX, y - fromY];
    const [c, d] = [to[k][0] - toX, to[k][1] - toY];
    along += a * c + b * d;
    across += a * d - b * c;
  });
  const angle = Math.atan2(across, along);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return (x, y) => [toX + cos * (x - fromX) - sin * (y - fromY), toY + sin * (x - fromX) + cos * (y - fromY)];
}

// For each checkpoint the map that turns it onto `frame` by `images`.
export function mapsOnto(dataset, images, frame) {
  const placeOf = (t) => (i) => [dataset.x(t, i), dataset.y(t, i)];
  const isKnown = (t) => (i) => !Number.isNaN(dataset.x(t, i));
  return Array.from({ length: dataset.frames }, (_, t) => {
    const known = images.filter(isKnown(t)).filter(isKnown(frame));
    return rigidMap(known.map(placeOf(t)), known.map(placeOf(frame)));
  });
}

// `size` places at each checkpoint, [T, size, 2] of which coordinateAt(k) is number k, by the checkpoint's map.
export function mapAll(maps, size, coordinateAt) {
  const places = new Float32Array(2 * maps.length * size);
  for (let at = 0; at < places.length; at += 2) places.set(maps[Math.floor(at / (2 * size))](coordinateAt(at), coordinateAt(at + 1)), at);
  return places;
}

// Regions [C, 3], which have a x + b y + c at (x, y), where such a map has brought the places.
export function movedRegions(regions, map) {
  const [[toX, toY], [ux, uy]] = [map(0, 0), map(1, 0)];
  const [cos, sin] = [ux - toX, uy - toY];
  const moved = new Float64Array(regions.length);
  for (let k = 0; k < regions.length; k += 3) {
    const [a, b] = [cos * regions[k] - sin * regions[k + 1], sin * regions[k] + cos * regions[k + 1]];
    moved.set([a, b, regions[k + 2] - a * toX - b * toY], k);
  }
  return moved;
}

// {low, high} of both axes that shows all `places` and what `range` shows.
export function rangeAround(places, range) {
  let { low, high } = range;
  for (const value of places) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const margin = low < range.low || high > range.high ? kMargin * (high - low) : 0;
  return { low: low - margin, high: high + margin };
}
