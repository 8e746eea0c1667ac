// SPDX-License-Identifier: Apache-2.0
// The card beside the pointer: the image, large, and what is known of it.
import { byId, count, element, number, scoreText } from "./dom.js";
import { markOf } from "./palette.js";

const kHoverSize = 140; // pixels, about

function facts(dataset, frame, i) {
  const rows = [["label", dataset.className(dataset.label(i)), dataset.label(i)]];
  if (dataset.hasPredictions) {
    const guess = dataset.prediction(frame, i);
    const sure = dataset.confidence(frame, i);
    const suffix = Number.isFinite(sure) ? "  " + number(sure, 3) : "";
    rows.push([guess === dataset.label(i) ? "predicted ✓" : "predicted ✗", dataset.className(guess) + suffix, guess]);
  }
  if (dataset.has("belief")) rows.push(["belief in the label", number(dataset.belief(frame, i), 3)]);
  rows.push(["outlier score", scoreText(dataset.score(frame, i))]);
  if (dataset.has("trust")) rows.push(["trust, continuity", number(dataset.trust(frame, i), 2) + ", " + number(dataset.continuity(frame, i), 2)]);
  if (dataset.has("trainDistance")) rows.push(["score to training", scoreText(dataset.scoreToTraining(frame, i))]);
  if (dataset.leak(i) >= 0) rows.push(["near duplicate of", dataset.trainingSource(dataset.leak(i))]);
  for (const { name, values, categories } of dataset.meta.columns ?? []) {
    const value = categories ? categories[values[i]] : values[i];
    if (value !== undefined && value !== null) rows.push([name, String(value)]);
  }
  return rows;
}

function listOf(rows) {
  const list = element("dl");
  for (const [term, text, mark] of rows) {
    const value = element("dd");
    if (mark !== undefined) value.append(markOf(mark));
    value.append(text);
    list.append(element("dt", { text: term }), value);
  }
  return list;
}

function pictureOf(dataset, i, size) {
  const { width, height } = dataset.meta.images;
  const side = Math.max(width, height, 1);
  return dataset.hasPictures ? [dataset.picture(i, side * Math.max(1, Math.round(size / side)))] : [];
}

// The same of a training image, whose picture lies behind those of the test images.
function trainingCardOf(dataset, frame, j) {
  const rows = [["label", dataset.className(dataset.trainingLabel(j)), dataset.trainingLabel(j)]];
  const guess = dataset.trainingPrediction(frame, j);
  if (guess >= 0) {
    const word = guess === dataset.trainingLabel(j) ? "predicted ✓" : "predicted ✗";
    rows.push([word, dataset.className(guess) + "  " + number(dataset.trainingConfidence(frame, j), 3), guess]);
  }
  return [...pictureOf(dataset, dataset.size + j, kHoverSize), element("div", {}, element("strong", { text: dataset.trainingSource(j) }), listOf(rows),
    element("p", { text: dataset.moment(frame), className: "soft" }))];
}

// The image, `size` pixels large if there is a picture, and what is known of it at the checkpoint.
export function cardOf(dataset, frame, i, size) {
  const list = listOf(facts(dataset, frame, i));
  const title = element("strong", { text: "#" + count(i) });
  const name = dataset.name(i);
  return [...pictureOf(dataset, i, size), element("div", {}, title, ...(name ? [element("p", { text: name, className: "soft name" })] : []), list,
    element("p", { text: dataset.moment(frame), className: "soft" }))];
}

// state.hovered is {index, frame, x, y} (a place in the window) or null.
export function createHover(dataset, state) {
  const box = byId("hover");
  state.on(["hovered"], () => {
    const at = state.hovered;
    box.hidden = !at;
    if (!at) return;
    box.replaceChildren(...(at.index < 0 ? trainingCardOf(dataset, at.frame, at.training) : cardOf(dataset, at.frame, at.index, kHoverSize)));
    const { offsetWidth: width, offsetHeight: height } = box;
    const left = at.x + 18 + width > window.innerWidth ? at.x - 18 - width : at.x + 18;
    box.style.left = Math.max(4, left) + "px";
    box.style.top = Math.max(4, Math.min(at.y - height / 2, window.innerHeight - height - 4)) + "px";
  });
}

// Shows the card while the pointer or the focus is on `node`.
export function showsHover(node, state, index, frameOf) {
  const show = () => {
    const box = node.getBoundingClientRect();
    state.set({ hovered: { index, frame: frameOf(), x: box.left, y: box.top - 90 } }); // not over its neighbours
  };
  const hide = () => state.set({ hovered: null });
  node.onmouseenter = node.onfocus = show;
  node.onmouseleave = node.onblur = hide;
}
