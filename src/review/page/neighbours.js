// SPDX-License-Identifier: Apache-2.0
// The nearest neighbours in the embedding of the image that is looked at, at the left view's checkpoint and the right
// one's: those of both, those that it lost on the way, those that it gained.
import { count, element } from "./dom.js";
import { showsHover } from "./hover.js";
import { select, subjectOf } from "./state.js";

// Each nearest first.
export function compareNeighbours(before, after) {
  return { both: after.filter((j) => before.includes(j)), lost: before.filter((j) => !after.includes(j)), gained: after.filter((j) => !before.includes(j)) };
}

function group(title, className, indices, dataset, state) {
  if (indices.length === 0) return [];
  const tiles = indices.map((j) => {
    const name = dataset.className(dataset.label(j));
    const tile = element("button", { type: "button", className: "tile", "aria-label": "Image " + j + ", " + name + ": look at it" }, dataset.picture(j, 32));
    tile.onclick = (event) => select(state, j, event.ctrlKey || event.metaKey || event.shiftKey);
    showsHover(tile, state, j, () => state.right);
    return tile;
  });
  return [element("div", { className: "neighbours " + className }, element("span", { className: "soft", text: title }), element("div", { className: "tiles" }, ...tiles))];
}

// Where fewer are kept than the analysis has: how many, and of checkpoints that the views do not show, which ones these
// are of.
function noteOn(dataset, state) {
  const { neighbours: { frames: kept, count: k, analysed }, steps } = dataset.meta;
  const notes = k < analysed ? ["Of each image the page has room for the " + k + " nearest of " + analysed + "."] : [];
  const others = [...new Set([state.left, state.right])].filter((frame) => !kept.includes(frame));
  if (others.length > 0) {
    const nearest = others.map((frame) => "of step " + count(steps[dataset.neighbourFrame(frame)]) + " for step " + count(steps[frame]));
    notes.push("This page keeps the neighbours of " + kept.length + " of " + steps.length + " checkpoints. Shown are those " + nearest.join(" and ") + ".");
  }
  return notes.length > 0 ? [element("p", { className: "soft", text: notes.join(" ") })] : [];
}

export function createNeighbours(dataset, state) {
  const box = element("div", { id: "neighbours" });
  if (!dataset.hasNeighbours) return box;
  state.on(["active", "selected", "left", "right"], () => {
    const i = subjectOf(state);
    box.hidden = i < 0;
    if (i < 0) return;
    const [from, to] = [dataset.neighbourFrame(state.left), dataset.neighbourFrame(state.right)];
    const { both, lost, gained } = compareNeighbours(dataset.neighbours(from, i), dataset.neighbours(to, i));
    const [before, after] = [from, to].map((frame) => "step " + dataset.meta.steps[frame]);
    box.replaceChildren(element("h3", { text: "Nearest neighbours in the embedding" }), ...noteOn(dataset, state),
      ...(from === to ? group("at " + after, "both", both, dataset, state) : [
        ...group("at both", "both", both, dataset, state),
        ...group("lost: at " + before + " only", "lost", lost, dataset, state),
        ...group("gained: at " + after + " only", "gained", gained, dataset, state)]));
  });
  return box;
}
