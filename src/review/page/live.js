// SPDX-License-Identifier: Apache-2.0
// While the run goes on, the page is written anew with every checkpoint. A page from disk cannot look at its own
// file, so it loads itself again every so often, unless someone is at work; the address keeps what is shown.
import { byId } from "./dom.js";

export function keepFresh(meta, state) {
  if (!meta.refreshSeconds) return;
  const period = 1000 * meta.refreshSeconds;
  let lastTouch = 0;
  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    document.addEventListener(kind, () => (lastTouch = Date.now()), { passive: true });
  }
  byId("live").textContent = "live, every " + meta.refreshSeconds + " s";
  byId("live").hidden = false;
  setInterval(() => {
    const busy = state.playing || Date.now() - lastTouch < period || byId("help").open;
    if (!busy) location.reload();
  }, period);
}
