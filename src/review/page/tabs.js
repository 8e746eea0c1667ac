// SPDX-License-Identifier: Apache-2.0
// The panels beside the views, of which one is open. A panel is filled when it is opened first.
import { byId, element } from "./dom.js";

// `panels`: [{key, title, fill(node)}].
export function createTabs(state, panels) {
  const strip = byId("tabs");
  const tabs = panels.map(({ key, title }) => element("button", { type: "button", role: "tab", id: "tab-" + key, text: title, "aria-controls": "panel-" + key,
    onclick: () => state.set({ tab: key }) }));
  const boxes = panels.map(({ key }) => element("div", { role: "tabpanel", id: "panel-" + key, className: "panel", "aria-labelledby": "tab-" + key }));
  strip.append(...tabs);
  strip.after(...boxes);
  strip.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (panels.findIndex(({ key }) => key === state.tab) + step + panels.length) % panels.length;
    state.set({ tab: panels[next].key });
    tabs[next].focus();
    event.preventDefault();
    event.stopPropagation();
  });
  const filled = new Set();
  state.on(["tab"], () => {
    const open = Math.max(0, panels.findIndex(({ key }) => key === state.tab));
    panels.forEach((panel, k) => {
      tabs[k].setAttribute("aria-selected", String(k === open));
      tabs[k].tabIndex = k === open ? 0 : -1;
      boxes[k].hidden = k !== open;
    });
    if (filled.has(open)) return;
    filled.add(open);
    panels[open].fill(boxes[open]);
  });
}
