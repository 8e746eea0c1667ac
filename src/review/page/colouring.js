// SPDX-License-Identifier: Apache-2.0
// The colours of points: of the class, or of any other field.
import { kRamp, kRampSize } from "./ramp.js";
import { isDarkTheme, styleOf } from "./palette.js";

const kSampled = 20000; // values of a field by which its scale is made
const kEnds = 0.02; // of the values lie beyond each end of a scale
const kLeastDoubt = 0.05; // what the scale of doubt spans at least

const colourBytes = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
// Of what nobody knows, of two kinds of answers, and of the corners of doubt: none, false neighbours, missing ones, both.
const kColours = {
  light: { unknown: "#a9aeb5", yes: "#8f98a3", no: "#c8323c", doubt: ["#c3c8ce", "#b5179e", "#2b8a3e", "#1d1020"] },
  dark: { unknown: "#5b636e", yes: "#66707c", no: "#ff6b6b", doubt: ["#3d4550", "#e35fd0", "#55c46c", "#ffffff"] },
};
export const fixedColours = () => (isDarkTheme() ? kColours.dark : kColours.light);

// The places of `share` and so on among the known values, in ascending order.
function quantiles(sorted, shares) {
  return shares.map((share) => sorted[Math.round(share * (sorted.length - 1))] ?? NaN);
}

// {low, middle, high}: of all checkpoints, so that a colour means the same at each.
function makeScale(field, dataset) {
  const frames = field.isTimeless ? 1 : dataset.frames;
  const stride = Math.max(1, Math.ceil((frames * dataset.size) / kSampled));
  const values = [];
  for (let k = 0; k < frames * dataset.size; k += stride) {
    const value = field.value(Math.floor(k / dataset.size), k % dataset.size);
    if (Number.isFinite(value)) values.push(value);
  }
  const sorted = Float64Array.from(values).sort();
  const [low, middle, high] = quantiles(sorted, [kEnds, 0.5, 1 - kEnds]);
  if (high > low) return { low, middle, high };
  const [least, most] = quantiles(sorted, [0, 1]);
  return { low: least, middle, high: most };
}

// How much of a scale of doubt, 0 to 1, a share of wrong or missing neighbours is.
function doubtScale(dataset) {
  const mistakes = (of) => makeScale({ value: (t, i) => 1 - of(t, i) }, dataset).high;
  const most = Math.max(kLeastDoubt, mistakes((t, i) => dataset.trust(t, i)), mistakes((t, i) => dataset.continuity(t, i)));
  return (quality) => Math.max(0, Math.min(1, (1 - quality) / most));
}

// The colour between the corners of doubt: CheckViz (Lespinats and Aupetit 2011).
export function doubtColour(falseOnes, missing, corners) {
  return [0, 1, 2].map((k) => {
    const [none, wrong, lost, both] = corners.map((corner) => corner[k]);
    return (1 - missing) * ((1 - falseOnes) * none + falseOnes * wrong) + missing * ((1 - falseOnes) * lost + falseOnes * both);
  });
}

export function createColouring(dataset, state, fields) {
  const scales = new Map();
  const cached = (key, make) => scales.get(key) ?? scales.set(key, make()).get(key);
  const fieldNow = () => fields.find(({ key }) => key === state.colour) ?? fields[0];
  const scaleOf = (field) => cached(field.key, () => makeScale(field, dataset));
  // The ramp's dark end is what stands out on a light ground, the light one on a dark ground.
  const isFlipped = (field) => Boolean(field.lowStandsOut) === isDarkTheme();
  const stepOf = (field) => {
    const { low, high } = scaleOf(field);
    const flipped = isFlipped(field);
    return (value) => {
      const share = high > low ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 0.5;
      return Math.round((kRampSize - 1) * (flipped ? 1 - share : share));
    };
  };

  const colourers = {
    class: (field, frame) => {
      const colours = dataset.meta.classNames.map((_, c) => colourBytes(styleOf(c).colour));
      return (i) => colours[field.value(frame, i)];
    },
    category: (field, frame) => {
      const unknown = colourBytes(fixedColours().unknown);
      const colours = field.categories.map((_, c) => colourBytes(styleOf(c).colour));
      return (i) => colours[field.value(frame, i)] ?? unknown;
    },
    flag: (field, frame) => {
      const { yes, no } = fixedColours();
      const colours = [colourBytes(no), colourBytes(yes)];
      return (i) => colours[field.value(frame, i) ? 1 : 0];
    },
    number: (field, frame) => {
      const step = stepOf(field);
      const unknown = colourBytes(fixedColours().unknown);
      return (i) => {
        const value = field.value(frame, i);
        if (Number.isNaN(value)) return unknown;
        const at = 3 * step(value);
        return kRamp.subarray(at, at + 3);
      };
    },
    doubt: (_, frame) => {
      const corners = fixedColours().doubt.map(colourBytes);
      const unknown = colourBytes(fixedColours().unknown);
      const share = cached("doubt", () => doubtScale(dataset));
      return (i) => {
        const [trust, continuity] = [dataset.trust(frame, i), dataset.continuity(frame, i)];
        return Number.isNaN(trust) ? unknown : doubtColour(share(trust), share(continuity), corners);
      };
    },
  };

  return {
    fieldNow,
    scaleOf,
    stepOf,
    // The function from an image to its colour [red, green, blue].
    colourer: (frame, field = fieldNow()) => colourers[field.kind](field, frame),
    // Fills `colours` [N, 3].
    paint(frame, colours) {
      const colourOfImage = this.colourer(frame);
      for (let i = 0; i < dataset.size; ++i) colours.set(colourOfImage(i), 3 * i);
    },
  };
}
