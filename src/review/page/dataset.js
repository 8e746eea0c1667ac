// SPDX-License-Identifier: Apache-2.0
// The run as the page's parts ask for it: numbers by frame and image, pictures as elements.
import { mapAll, mapsOnto, movedRegions, rangeAround } from "./alignment.js";
import { readArrays, readMeta, readNeighbourCodes, readSheet } from "./decode.js";
import { count, element } from "./dom.js";
import { onCurve } from "./motion.js";
import { CodedNeighbours } from "./neighbour_code.js";

const kNoNumber = 65535;
const kNoImage = 2 ** 32 - 1;

export async function openDataset() {
  const meta = readMeta();
  return new Dataset(meta, await readArrays(meta));
}

class Dataset {
  constructor(meta, arrays) {
    const levels = Object.fromEntries(meta.arrays.map((item) => [item.name, item.levels]));
    Object.assign(this, { meta, arrays, levels, size: meta.size, frames: meta.steps.length, range: meta.range, aligned: null, alignedTraining: null });
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
  // What is written of an image, in small letters: for the search.
  searchText(i) {
    this.searchTexts ??= new Array(this.size);
    const last = this.frames - 1;
    return (this.searchTexts[i] ??= [i, this.className(this.label(i)), this.hasPredictions ? this.className(this.prediction(last, i)) : "",
      this.name(i)].join(" ").toLowerCase());
  }

  x(frame, i) {
    return this.#coordinate(2 * (frame * this.size + i));
  }
  y(frame, i) {
    return this.#coordinate(2 * (frame * this.size + i) + 1);
  }
  // From then on places and ways are those of checkpoints that are turned onto `frame` by `images`; null: as analysed.
  align(alignment) {
    const maps = alignment && mapsOnto(this, alignment.images, alignment.frame);
    this.maps = maps;
    this.aligned = maps && mapAll(maps, this.size, (at) => this.#coordinate(at));
    this.alignedTraining = maps && mapAll(maps, this.trainingSize, (at) => this.#coordinate(at, this.arrays.trainPoints));
    this.range = maps ? rangeAround(this.alignedTraining, rangeAround(this.aligned, this.meta.range)) : this.meta.range;
  }
  // Fills `places` [N, 2] with where the points are, `share` of the way from `frame` to the next.
  placesAt(frame, share, places) {
    this.#fill((at) => this.#shown(at), frame, share, places);
  }
  // Training images beside the test images, if any: the same of them, [M, 2].
  get trainingSize() {
    return this.meta.training?.size ?? 0;
  }
  trainingPlacesAt(frame, share, places) {
    this.#fill((at) => this.#shownTraining(at), frame, share, places);
  }
  trainingLabel(j) {
    return this.arrays.trainLabel[j];
  }
  // Where it comes from: its place in the training split, and its name.
  trainingSource(j) {
    const name = this.meta.training.names?.[j];
    return "training image #" + count(this.arrays.trainIndex[j]) + (name ? ", " + name : "");
  }
  trainingPrediction(frame, j) {
    return this.has("trainPrediction") ? this.arrays.trainPrediction[frame * this.trainingSize + j] : -1;
  }
  trainingConfidence(frame, j) {
    return this.has("trainConfidence") ? this.#unit("trainConfidence", frame * this.trainingSize + j) : NaN;
  }
  // An image's outlier score to the training images, and the nearest of these that it nearly equals, -1 without one.
  scoreToTraining(frame, i) {
    return Math.exp(-this.meta.largestTrainDistance * this.#unit("trainDistance", frame * this.size + i));
  }
  leak(i) {
    return this.has("leak") && this.arrays.leak[i] !== kNoImage ? this.arrays.leak[i] : -1;
  }
  // The logits of the classes on the plane, [C, 3]: class c has a x + b y + c at (x, y), `share` of the way from `frame`
  // to the next mixed evenly, as in the animation. Null where they are not known.
  get hasRegions() {
    return this.has("regions");
  }
  regionsAt(frame, share) {
    if (!this.hasRegions) return null;
    const from = this.#regionsOf(frame);
    if (share === 0 || frame + 1 >= this.frames) return from;
    const to = this.#regionsOf(frame + 1);
    return from && to && from.map((value, k) => value + share * (to[k] - value));
  }
  // The share of the images in the region of their prediction.
  regionAgreement(frame) {
    return this.meta.curves.find(({ name }) => name === "region agreement")?.values[frame] ?? NaN;
  }
  // The places [x, y] of an image through all checkpoints, `steps` from one to the next.
  wayOf(i, steps) {
    const last = (this.frames - 1) * steps;
    return Array.from({ length: last + 1 }, (_, k) => {
      const frame = Math.min(Math.floor(k / steps), Math.max(0, this.frames - 2));
      const share = k / steps - frame;
      return [0, 1].map((axis) => this.#between(frame, share, 2 * i + axis));
    });
  }

  // Scores are stored as their negative logarithms, so that the small ones, which matter most, are as exact.
  score(frame, i) {
    return Math.exp(-this.meta.largestDistance * this.#unit("distance", frame * this.size + i));
  }
  prediction(frame, i) {
    return this.arrays.prediction[frame * this.size + i];
  }
  isRight(frame, i) {
    return this.prediction(frame, i) === this.label(i);
  }
  confidence(frame, i) {
    return this.has("confidence") ? this.#unit("confidence", frame * this.size + i) : NaN;
  }
  // The probability of the given label. It is stored where it is not the prediction's.
  belief(frame, i) {
    return this.isRight(frame, i) ? this.confidence(frame, i) : this.#unit("belief", frame * this.size + i);
  }
  // Label quality and difficulty, as in analysis.h5; hardness in nats. On a large page it is the last checkpoint's alone.
  get hasLastLabelQuality() {
    return this.frames > 1 && this.arrays.hardness?.length === this.size;
  }
  margin(frame, i) {
    return this.#labelQuality("margin", frame, i);
  }
  weightedEntropy(frame, i) {
    return this.#labelQuality("weightedEntropy", frame, i);
  }
  hardness(frame, i) {
    return this.#labelQuality("hardness", frame, i) * Math.log(Math.max(2, this.meta.classNames.length));
  }
  mistakenness(frame, i) {
    return (1 + (this.isRight(frame, i) ? -1 : 1) * this.confidence(frame, i)) / 2;
  }
  // How far the point's place can be trusted: its neighbours there are neighbours in the embedding, and those there.
  trust(frame, i) {
    return this.#unit("trust", frame * this.size + i);
  }
  continuity(frame, i) {
    return this.#unit("continuity", frame * this.size + i);
  }
  // Neighbours are kept of some checkpoints where those of all would be too many: the nearest of them. They are decoded
  // when they are asked for.
  get hasNeighbours() {
    return "neighbours" in this.meta;
  }
  neighbourFrame(frame) {
    const kept = this.meta.neighbours.frames;
    return kept.reduce((best, other) => (Math.abs(other - frame) < Math.abs(best - frame) ? other : best), kept[0]);
  }
  // The nearest in the embedding, the nearest first.
  neighbours(frame, i) {
    const { frames, count: k, sizes } = this.meta.neighbours;
    this.coded ??= new CodedNeighbours(readNeighbourCodes(sizes), this.size, k, (at) => this.#pointsOf(frames[at]));
    return [...this.coded.lists(frames.indexOf(this.neighbourFrame(frame))).subarray(i * k, (i + 1) * k)];
  }
  has(array) {
    return array in this.arrays;
  }
  flag(array, i) {
    return this.arrays[array][i] === 1;
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
  #fill(valueAt, frame, share, places) {
    const stride = places.length;
    for (let k = 0; k < stride; ++k) {
      places[k] = share > 0 ? onCurve((t) => valueAt(t * stride + k), frame, this.frames, share) : valueAt(frame * stride + k);
    }
  }
  #labelQuality(of, frame, i) {
    return this.#unit(of, (this.hasLastLabelQuality ? 0 : frame * this.size) + i);
  }
  #pointsOf(frame) {
    return this.arrays.points.subarray(2 * frame * this.size, 2 * (frame + 1) * this.size);
  }
  #regionsOf(frame) {
    const all = new Float32Array(this.arrays.regions.buffer);
    const size = all.length / this.frames;
    const regions = Float64Array.from(all.subarray(frame * size, (frame + 1) * size));
    if (!regions.every(Number.isFinite)) return null;
    return this.maps ? movedRegions(regions, this.maps[frame]) : regions;
  }
  #coordinate(at, points = this.arrays.points) {
    const value = points[at];
    return value === kNoNumber ? NaN : this.meta.range.low + (value / this.levels.points) * (this.meta.range.high - this.meta.range.low);
  }
  #shown(at) {
    return this.aligned ? this.aligned[at] : this.#coordinate(at);
  }
  #shownTraining(at) {
    return this.alignedTraining ? this.alignedTraining[at] : this.#coordinate(at, this.arrays.trainPoints);
  }
  #between(frame, share, k) {
    const stride = 2 * this.size;
    return onCurve((t) => this.#shown(t * stride + k), frame, this.frames, share);
  }
  #unit(array, at) {
    const value = this.arrays[array][at];
    return value === kNoNumber ? NaN : value / this.levels[array];
  }
}
