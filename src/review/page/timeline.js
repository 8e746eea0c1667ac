// SPDX-License-Identifier: Apache-2.0
// The slider, and playing.
import { byId } from "./dom.js";
import { goTo } from "./state.js";

export function togglePlay(dataset, state) {
  if (!state.playing && state.frame === dataset.frames - 1) goTo(state, 0, dataset.frames);
  state.set({ playing: !state.playing });
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

  let timer = 0;
  const tick = () => {
    if (state.frame === dataset.frames - 1) state.set({ playing: false });
    else goTo(state, state.frame + 1, dataset.frames);
  };
  const restart = () => {
    clearInterval(timer);
    if (state.playing) timer = setInterval(tick, 1000 / Number(byId("speed").value));
  };
  byId("speed").onchange = restart;
  state.on(["playing"], () => {
    play.textContent = state.playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", state.playing ? "Pause" : "Play");
    restart();
  });
}
