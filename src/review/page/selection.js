// SPDX-License-Identifier: Apache-2.0
// The selected images, the most atypical of the slider's checkpoint first: what is known of the one that is looked at,
// its neighbours, and what can be done with all.
import { byId, count, element } from "./dom.js";
import { cardOf, showsHover } from "./hover.js";
import { createNeighbours } from "./neighbours.js";
import { relabelTools } from "./relabel.js";
import { rowsOfSelection, save } from "./save.js";
import { clearSelection, select, subjectOf, toggleAlignment } from "./state.js";

const kMostTiles = 40;
const kHint = "Click a point, a picture or a row, or draw around points.";

function headOf(dataset, state, fields) {
  const title = element("h2");
  const saves = element("button", { type: "button", id: "save-selection", text: "Save CSV", title: "index, name, label, prediction and scores of the selected images at the slider's checkpoint" });
  saves.onclick = () => save("selection.csv", rowsOfSelection(dataset, fields, dataset.worstOf(state.selected, state.frame), state.frame));
  const trails = element("button", { type: "button", id: "trails", text: "Trails", title: "Draw the way of each selected image through all checkpoints (T)" });
  trails.onclick = () => state.set({ trails: !state.trails });
  const align = element("button", { type: "button", id: "align", onclick: () => toggleAlignment(state) });
  const clear = element("button", { type: "button", text: "Clear", title: "Escape", onclick: () => clearSelection(state) });
  state.on(["trails"], () => trails.setAttribute("aria-pressed", String(state.trails)));
  state.on(["aligned", "selected"], () => {
    align.hidden = !state.aligned && state.selected.size === 0;
    align.textContent = state.aligned ? "Aligned on " + count(state.aligned.images.length) : "Align";
    align.title = state.aligned ? "Checkpoints as analysed again (O)"
      : "Turn and move all checkpoints onto this one so that the selected images stay where they are (O)";
    align.setAttribute("aria-pressed", String(state.aligned !== null));
  });
  state.on(["selected"], () => {
    const size = state.selected.size;
    title.textContent = "Selection" + (size > 0 ? " (" + count(size) + ")" : "");
    saves.hidden = trails.hidden = clear.hidden = size === 0;
  });
  return element("div", { className: "tools" }, title, clear, trails, align, saves);
}

function tileOf(dataset, state, i) {
  const tile = element("button", { type: "button", className: "tile", "aria-label": "Image " + i + ", take out of the selection" }, dataset.picture(i, 40));
  tile.classList.toggle("marked", state.relabel.has(i));
  tile.onclick = () => select(state, i, true);
  showsHover(tile, state, i, () => state.frame);
  return tile;
}

export function createSelection(dataset, state, fields) {
  const hint = element("p", { className: "soft" });
  const subject = element("div", { className: "subject" });
  const tiles = element("div", { className: "tiles" });
  byId("selection").append(headOf(dataset, state, fields), relabelTools(dataset, state), hint, subject, createNeighbours(dataset, state), tiles);

  state.on(["selected", "active", "frame"], () => {
    const i = subjectOf(state);
    subject.hidden = i < 0;
    if (i >= 0) subject.replaceChildren(...cardOf(dataset, state.frame, i, 84));
  });
  state.on(["selected", "active", "frame", "relabel"], () => {
    const { size } = state.selected;
    const isAlone = size === 1 && state.selected.has(subjectOf(state));
    tiles.hidden = isAlone;
    hint.hidden = isAlone;
    hint.textContent = size === 0 ? kHint
      : "Most atypical at " + dataset.moment(state.frame) + " first" + (size > kMostTiles ? "; the first " + kMostTiles + " are shown." : ".");
    if (isAlone) return tiles.replaceChildren();
    tiles.replaceChildren(...dataset.worstOf(state.selected, state.frame).slice(0, kMostTiles).map((image) => tileOf(dataset, state, image)));
  });
}
