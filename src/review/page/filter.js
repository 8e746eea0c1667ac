// SPDX-License-Identifier: Apache-2.0
// Which images are shown: state.mask, a byte for each. Classes that are hidden vanish; what the search, the range of a
// field or "show" leaves out stays in the views as a shadow, so that one sees where the rest lies. What differs from
// checkpoint to checkpoint is asked at the slider's.
import { painted } from "./dom.js";

export const kHidden = 0;
export const kLeftOut = 1;
export const kShown = 2;

// What "show" can say, with what it asks of an image; those that this run cannot answer are left out.
export function choicesOf(dataset, state) {
  const choices = [["", "all", null]];
  if (dataset.hasPredictions) {
    choices.push(["wrong", "wrong predictions", (i) => !dataset.isRight(state.frame, i)], ["right", "right predictions", (i) => dataset.isRight(state.frame, i)]);
  }
  if (dataset.has("labelIssue")) choices.push(["issues", "label issues", (i) => dataset.flag("labelIssue", i)]);
  if (dataset.has("duplicate")) choices.push(["duplicates", "near duplicates", (i) => dataset.flag("duplicate", i)]);
  if (dataset.has("leak")) choices.push(["leaks", "in the training images, too", (i) => dataset.leak(i) >= 0]);
  choices.push(["relabel", "marked for relabelling", (i) => state.relabel.has(i)]);
  return choices.map(([key, title, asks]) => ({ key, title, asks }));
}

// Where the mask is another for it.
const kKeys = ["hidden", "search", "show", "range", "frame", "relabel"];

function testsOf(dataset, state, choices, fields) {
  const tests = [];
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length > 0) tests.push((i) => words.every((word) => dataset.searchText(i).includes(word)));
  const { asks } = choices.find(({ key }) => key === state.show) ?? choices[0];
  if (asks) tests.push(asks);
  const field = state.range && fields.find(({ key }) => key === state.range.key);
  if (field) tests.push((i) => {
    const value = field.value(state.frame, i);
    return value >= state.range.low && value <= state.range.high;
  });
  return tests;
}

export function createFilter(dataset, state, fields) {
  const choices = choicesOf(dataset, state);
  const hiddenClasses = new Uint8Array(dataset.meta.classNames.length);
  const compute = () => {
    hiddenClasses.forEach((_, c) => (hiddenClasses[c] = state.hidden.has(c) ? 1 : 0));
    const tests = testsOf(dataset, state, choices, fields);
    const mask = new Uint8Array(dataset.size);
    for (let i = 0; i < dataset.size; ++i) {
      mask[i] = hiddenClasses[dataset.label(i)] ? kHidden : tests.every((test) => test(i)) ? kShown : kLeftOut;
    }
    const isSame = state.mask && mask.every((value, i) => value === state.mask[i]);
    if (!isSame) state.set({ mask });
  };
  state.on(kKeys, compute);
  return choices;
}

// Calls `action` when the mask has changed, and not again before that is on the screen.
export function whenMaskChanges(state, action) {
  let isWaiting = false;
  state.on(["mask"], async () => {
    if (isWaiting) return;
    isWaiting = true;
    await painted();
    isWaiting = false;
    action();
  }, { now: false });
}
