// SPDX-License-Identifier: Apache-2.0
// The slider, and playing: the points move from checkpoint to checkpoint, all else steps.
import { byId } from "./dom.js";
import { goTo } from "./state.js";

export function togglePlay(dataset, state) {
  if (!state.playing && state.frame === dataset.frames - 1) goTo(state, 0, dataset.frames);
  state.set({ playing: !state.playing, between: 0 });
}

// While it plays: state.between is the share of the way to the next checkpoint.
function connectPlaying(dataset, state) {
  let before = 0;
  const step = (now) => {
    if (!state.playing) return;
    const between = state.between + ((now - before) / 1000) * Number(byId("speed").value);
    before = now;
    if (state.frame >= dataset.frames - 1) state.set({ playing: false, between: 0 });
    else if (between < 1) state.set({ between });
    else goTo(state, state.frame + 1, dataset.frames);
    requestAnimationFrame(step);
  };
  state.on(["playing"], () => {
    if (!state.playing) return state.set({ between: 0 });
    before = performance.now();
    requestAnimationFrame(step);
  });
}

export function createTimeline(dataset, state) {
  const slider = byId("slider");
  slider.max = String(dataset.frames - 1);
  slider.oninput = () => {
    state.set({ playing: false });
    goTo(state, Number(slider.value), dataset.frames);
  };
  const play = byId("play");
  play.onclick = () => togglePlay(dataset, state);
  state.on(["frame"], () => {
    slider.value = String(state.frame);
    slider.setAttribute("aria-valuetext", dataset.moment(state.frame));
    byId("moment").textContent = dataset.moment(state.frame);
  });
  state.on(["playing"], () => {
    play.textContent = state.playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", state.playing ? "Pause" : "Play");
  });
  connectPlaying(dataset, state);
}
