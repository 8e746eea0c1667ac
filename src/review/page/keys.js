// SPDX-License-Identifier: Apache-2.0
// The keyboard. Keys typed into a field belong to the field.
import { byId } from "./dom.js";
import { clearSelection, compareFirstAndLast, goTo, toggleAlignment } from "./state.js";
import { togglePlay } from "./timeline.js";

const kZoom = 1.5; // of a key

// `view`: one of the two, which move together.
export function connectKeyboard(dataset, state, view) {
  const { frames } = dataset;
  const move = (frame) => {
    state.set({ playing: false });
    goTo(state, frame, frames);
  };
  const actions = {
    " ": () => togglePlay(dataset, state),
    ArrowLeft: () => move(state.frame - 1),
    ArrowRight: () => move(state.frame + 1),
    Home: () => move(0),
    End: () => move(frames - 1),
    c: () => compareFirstAndLast(state, frames),
    l: () => state.set({ tool: "lasso" }),
    m: () => state.set({ tool: "pan" }),
    t: () => state.set({ trails: !state.trails }),
    o: () => toggleAlignment(state),
    r: () => dataset.hasRegions && state.set({ regions: !state.regions }),
    a: () => state.selectAll(),
    "+": () => view.plane.zoomBy(kZoom),
    "=": () => view.plane.zoomBy(kZoom),
    "-": () => view.plane.zoomBy(1 / kZoom),
    0: () => view.plane.reset(),
    "/": () => byId("search").focus(),
    "?": () => byId("help").showModal(),
    Escape: () => {
      state.set({ playing: false });
      clearSelection(state);
    },
  };
  document.addEventListener("keydown", (event) => {
    if (byId("help").open || byId("meaning").matches(":popover-open")) return; // the browser's: Escape closes them
    const typing = event.target.matches("input:not([type=range], [type=checkbox]), select");
    const pressing = event.key === " " && event.target.matches("button, input[type=checkbox], summary");
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || typing || pressing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
  byId("help-button").onclick = () => byId("help").showModal();
  // Not by its address, which holds what is shown.
  byId("skip").onclick = (event) => {
    event.preventDefault();
    byId("table").focus();
  };
}
