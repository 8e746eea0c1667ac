// SPDX-License-Identifier: Apache-2.0
// The selected images, the most atypical of the slider's checkpoint first.
import { byId, count, element } from "./dom.js";
import { showsHover } from "./hover.js";
import { select } from "./state.js";

const kShown = 30;

export function createSelection(dataset, state) {
  const title = element("h2");
  const clear = element("button", { type: "button", text: "Clear", onclick: () => state.set({ selected: new Set(), active: -1 }) });
  const hint = element("p", { className: "soft", text: "Click a point, a picture or a row, or draw around points." });
  const tiles = element("div", { className: "tiles" });
  byId("selection").append(element("div", { className: "tools" }, title, clear), hint, tiles);

  state.on(["selected", "frame"], () => {
    const size = state.selected.size;
    title.textContent = "Selection" + (size > 0 ? " (" + count(size) + ")" : "");
    clear.hidden = size === 0;
    hint.textContent = size === 0 ? "Click a point, a picture or a row, or draw around points."
      : "Most atypical at " + dataset.moment(state.frame) + " first" + (size > kShown ? "; the first " + kShown + " are shown." : ".");
    tiles.replaceChildren(...dataset.worstOf(state.selected, state.frame).slice(0, kShown).map((i) => {
      const tile = element("button", { type: "button", className: "tile", "aria-label": "Image " + i + ", take out of the selection" }, dataset.picture(i, 44));
      tile.onclick = () => select(state, i, true);
      showsHover(tile, state, i, () => state.frame);
      return tile;
    }));
  });
}
