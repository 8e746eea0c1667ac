// SPDX-License-Identifier: Apache-2.0
// What is known of an image, by which points are coloured and images filtered. A field has
//   key, title   its name in the address, and for people
//   word         that of words.js which explains it, where that is not the title
//   kind         "class": value() is a class; "flag": true or false; "number"; "category": value() is one of
//                `categories`; "doubt": see colour.js
//   value        of an image at a checkpoint; NaN where nobody knows
//   text         of a value
//   isTimeless   it is the same at all checkpoints
//   lowStandsOut the low end is what one looks for
import { number, scoreText } from "./dom.js";

const kNeverRight = 65535;

// How far the point came since the checkpoint before, in percent of the picture's width.
function movedBy(dataset, frame, i) {
  if (frame === 0) return NaN;
  const { low, high } = dataset.meta.range;
  return (100 * Math.hypot(dataset.x(frame, i) - dataset.x(frame - 1, i), dataset.y(frame, i) - dataset.y(frame - 1, i))) / (high - low);
}

// The step from which on the prediction was right for the first time.
function firstLearnt(dataset) {
  let steps = null;
  return (i) => {
    steps ??= Float64Array.from({ length: dataset.size }, (_, image) => {
      for (let t = 0; t < dataset.frames; ++t) if (dataset.isRight(t, image)) return dataset.meta.steps[t];
      return NaN;
    });
    return steps[i];
  };
}

// What the logits say of the label (cleanlab, FiftyOne).
function fieldsOfLabel(dataset) {
  const field = (key, title, digits, value, lowStandsOut) => ({ key, title, kind: "number", lowStandsOut, digits, value });
  const fields = [];
  if (dataset.has("belief")) fields.push(field("belief", "belief in the label", 3, (t, i) => dataset.belief(t, i), true));
  if (dataset.has("margin")) {
    const kept = [
      field("margin", "margin of the label", 3, (t, i) => dataset.margin(t, i), true),
      field("weighted-entropy", "confidence-weighted entropy", 2, (t, i) => dataset.weightedEntropy(t, i), true),
      field("hardness", "hardness", 2, (t, i) => dataset.hardness(t, i))];
    const atLast = ({ title, ...rest }) => ({ ...rest, title: title + " at the last checkpoint", word: title, isTimeless: true });
    fields.push(...(dataset.hasLastLabelQuality ? kept.map(atLast) : kept));
  }
  if (dataset.has("confidence")) fields.push(field("mistakenness", "mistakenness", 3, (t, i) => dataset.mistakenness(t, i)));
  return fields;
}

function fieldsOfClassifier(dataset) {
  if (!dataset.hasPredictions) return [];
  const forgotten = (i) => (dataset.arrays.forgetting[i] === kNeverRight ? NaN : dataset.arrays.forgetting[i]);
  const learnt = firstLearnt(dataset);
  const fields = [
    { key: "prediction", title: "prediction", kind: "class", value: (t, i) => dataset.prediction(t, i) },
    { key: "right", title: "right or wrong", kind: "flag", value: (t, i) => dataset.isRight(t, i) },
  ];
  if (dataset.has("confidence")) fields.push({ key: "confidence", title: "confidence", kind: "number", lowStandsOut: true, digits: 3, value: (t, i) => dataset.confidence(t, i) });
  fields.push(
    ...fieldsOfLabel(dataset),
    { key: "forgotten", title: "forgotten", kind: "number", digits: 0, isTimeless: true, value: (_, i) => forgotten(i) },
    { key: "learnt", title: "first right at step", kind: "number", digits: 0, isTimeless: true, value: (_, i) => learnt(i) });
  if (dataset.has("issueRank")) fields.push({ key: "issue", title: "label issue", kind: "number", digits: 0, isTimeless: true, lowStandsOut: true, value: (_, i) => dataset.arrays.issueRank[i] });
  return fields;
}

function fieldsOfPicture(dataset) {
  const fields = [{ key: "moved", title: "moved since the step before", kind: "number", digits: 1, value: (t, i) => movedBy(dataset, t, i) }];
  if (dataset.has("trust")) {
    fields.push(
      { key: "doubt", title: "doubt of its place", kind: "doubt", value: () => NaN },
      { key: "trust", title: "trust in its place", kind: "number", lowStandsOut: true, digits: 3, value: (t, i) => dataset.trust(t, i) },
      { key: "continuity", title: "continuity", kind: "number", lowStandsOut: true, digits: 3, value: (t, i) => dataset.continuity(t, i) });
  }
  return fields;
}

// Of the test images, as training images see them.
function fieldsOfTraining(dataset) {
  if (!dataset.has("trainDistance")) return [];
  return [{ key: "score-to-training", title: "outlier score to training", kind: "number", lowStandsOut: true, text: scoreText,
    value: (t, i) => dataset.scoreToTraining(t, i) }];
}

// Those that --columns added.
function ownFields(dataset) {
  return (dataset.meta.columns ?? []).map(({ name, values, categories }, k) => ({
    key: "own" + k, title: name, isOwn: true, isTimeless: true, kind: categories ? "category" : "number", categories,
    value: (_, i) => values[i] ?? NaN,
  }));
}

// Four digits that count, and no more zeros than needed; of a large number, such as a date, all before the point.
function shortText(value) {
  if (!Number.isFinite(value)) return "–";
  const whole = Math.abs(value) >= 1 ? Math.floor(Math.log10(Math.abs(value))) + 1 : 0;
  return String(Number(value.toPrecision(Math.max(4, Math.min(15, whole)))));
}

function fieldText(field) {
  if (field.kind === "flag") return (value) => (value ? "right" : "wrong");
  if (field.categories) return (value) => field.categories[value] ?? "–";
  return field.digits === undefined ? shortText : (value) => number(value, field.digits);
}

export function fieldsOf(dataset) {
  const fields = [
    { key: "label", title: "label", kind: "class", isTimeless: true, value: (_, i) => dataset.label(i) },
    ...fieldsOfClassifier(dataset),
    { key: "score", title: "outlier score", kind: "number", lowStandsOut: true, text: scoreText, value: (t, i) => dataset.score(t, i) },
    ...fieldsOfTraining(dataset),
    ...fieldsOfPicture(dataset),
    ...ownFields(dataset),
  ];
  return fields.map((field) => ({ text: fieldText(field), ...field }));
}
