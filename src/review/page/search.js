// SPDX-License-Identifier: Apache-2.0
// The search, and what else may be asked of images that are shown: both reach the views and the table.
import { byId, element } from "./dom.js";

const kPauseMs = 120; // after a key

export function createSearch(state, choices) {
  const search = byId("search");
  let timer = 0;
  search.oninput = () => {
    clearTimeout(timer);
    timer = setTimeout(() => state.set({ search: search.value }), kPauseMs);
  };
  state.on(["search"], () => {
    clearTimeout(timer);
    if (search.value !== state.search) search.value = state.search; // another state's address was pasted
  });
  const show = byId("show");
  show.append(...choices.map(({ key, title }) => element("option", { value: key, text: title })));
  show.onchange = () => state.set({ show: show.value });
  state.on(["show"], () => (show.value = choices.some(({ key }) => key === state.show) ? state.show : ""));
}
