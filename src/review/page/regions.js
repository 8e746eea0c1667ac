// SPDX-License-Identifier: Apache-2.0
// The decision regions of the classifier, behind the points: at each pixel of the plane the class of the greatest logit
// there, as in the animation (src/render/regions.cpp).
import { byId, element } from "./dom.js";
import { styleOf } from "./palette.js";

// "62 % of the images lie in their own region"; "" where nobody knows.
function wordsOfAgreement(dataset, frame) {
  const share = dataset.regionAgreement(frame);
  return Number.isFinite(share) ? (100 * share).toFixed(0) + " % of the images lie in their own region" : "";
}

// Fills `pixels` [height, width] with the colours of the classes whose regions they are in. `logits` [C, 3]: at the
// pixel in column x and row y class c has a x + b y + c. A region is convex: a rectangle whose corners lie in one does so itself.
export function fillRegions(pixels, width, height, logits, colours) {
  const known = new Int32Array(width * height).fill(-1);
  const classAt = (x, y) => {
    const at = y * width + x;
    if (known[at] >= 0) return known[at];
    let [best, greatest] = [0, -Infinity];
    for (let k = 0; k < logits.length; k += 3) {
      const logit = logits[k] * x + logits[k + 1] * y + logits[k + 2];
      if (logit > greatest) [best, greatest] = [k / 3, logit];
    }
    return (known[at] = best);
  };
  const fill = (left, top, right, bottom) => {
    const corner = classAt(left, top);
    if (corner === classAt(right, top) && corner === classAt(left, bottom) && corner === classAt(right, bottom)) {
      for (let y = top; y <= bottom; ++y) pixels.fill(colours[corner], y * width + left, y * width + right + 1);
      return;
    }
    const [x, y] = [(left + right) >> 1, (top + bottom) >> 1];
    fill(left, top, x, y);
    if (x < right) fill(x + 1, top, right, y);
    if (y < bottom) fill(left, y + 1, x, bottom);
    if (x < right && y < bottom) fill(x + 1, y + 1, right, bottom);
  };
  fill(0, 0, width - 1, height - 1);
}

export class Regions {
  constructor(dataset, state, plot) {
    Object.assign(this, { dataset, state, plot, drawn: "" });
    this.canvas = element("canvas", { className: "regions", "aria-hidden": "true" });
    this.words = element("span", { className: "region-words" });
    plot.append(this.canvas, this.words);
  }

  // Of the frame, `share` of the way to the next. What is drawn already stays.
  draw(plane, frame, share) {
    const logits = this.state.regions ? this.dataset.regionsAt(frame, share) : null;
    this.canvas.hidden = this.words.hidden = !logits;
    if (!logits) return;
    this.words.textContent = wordsOfAgreement(this.dataset, frame);
    const density = window.devicePixelRatio || 1;
    const [width, height] = [plane.width, plane.height].map((length) => Math.max(1, Math.round(length * density)));
    const { x, y, zoom } = plane.shown;
    const wanted = [frame, share, width, height, x, y, zoom, plane.range.low, plane.range.high, this.state.theme].join(" ");
    if (wanted === this.drawn && this.dataset.aligned === this.aligned) return;
    Object.assign(this, { drawn: wanted, aligned: this.dataset.aligned });
    this.#paint(logits, plane, width, height, density);
  }

  #paint(logits, plane, width, height, density) {
    const scale = plane.scale * density;
    // A pixel's middle is at these places of the plane.
    const [left, top] = [(0.5 / density - plane.left(0)) / plane.scale, (plane.top(0) - 0.5 / density) / plane.scale];
    const ofPixels = new Float64Array(logits.length);
    for (let k = 0; k < logits.length; k += 3) {
      const [a, b, c] = [logits[k], logits[k + 1], logits[k + 2]];
      ofPixels.set([a / scale, -b / scale, a * left + b * top + c], k);
    }
    Object.assign(this.canvas, { width, height });
    const image = new ImageData(width, height);
    fillRegions(new Uint32Array(image.data.buffer), width, height, ofPixels, this.#colours());
    this.canvas.getContext("2d").putImageData(image, 0, 0);
  }

  // Of each class, as an image's four bytes.
  #colours() {
    return Uint32Array.from(this.dataset.meta.classNames, (_, c) => {
      const [red, green, blue] = [1, 3, 5].map((at) => parseInt(styleOf(c).colour.slice(at, at + 2), 16));
      return new Uint32Array(new Uint8Array([red, green, blue, 255]).buffer)[0];
    });
  }
}

// A chip beside those of the classes.
export function createRegionsChip(dataset, state) {
  if (!dataset.hasRegions) return;
  const chip = element("button", { type: "button", className: "chip switch", id: "regions-chip",
    title: "Tints behind the points: the class that the classifier would say at each place of the plane (R). Images lie off the plane: the share in the region of their own prediction says how much the tints tell.",
    onclick: () => state.set({ regions: !state.regions }) }, element("span", { className: "regions-mark" }), element("span", { text: "decision regions" }));
  byId("legend").append(chip);
  state.on(["regions"], () => chip.setAttribute("aria-pressed", String(state.regions)));
}
