// SPDX-License-Identifier: Apache-2.0
// While the run goes on, the page is written anew with every checkpoint. A page from disk may not read files, its
// own neither; but it may open itself in a hidden frame, which then only tells its version and stops. Only a page
// with news is loaded again, and not while someone is at work; the address keeps what is shown.
import { byId, element } from "./dom.js";

const kProbe = "#probe";
const kPatienceMs = 2000; // after a touch
const kProbePatienceMs = 60000; // for an answer: a browser reads a large page for longer than it waits between two

// True in the hidden frame.
export function answerProbe(meta) {
  if (location.hash !== kProbe) return false;
  parent.postMessage({ zoetropeVersion: meta.version }, "*");
  return true;
}

export function keepFresh(meta, state) {
  if (!meta.refreshSeconds) return;
  let lastTouch = 0;
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
    document.addEventListener(kind, () => (lastTouch = Date.now()), { passive: true });
  }
  byId("live").textContent = "live";
  byId("live").title = "Looks for new checkpoints every " + meta.refreshSeconds + " s";
  byId("live").hidden = false;

  let frame = null;
  let askedAt = 0;
  let hasNews = false;
  window.addEventListener("message", ({ source, data }) => {
    if (!frame || source !== frame.contentWindow || !data.zoetropeVersion) return;
    hasNews = data.zoetropeVersion !== meta.version;
    frame.remove();
    frame = null;
  });
  setInterval(() => {
    if (hasNews || document.hidden || (frame && Date.now() - askedAt < kProbePatienceMs)) return;
    frame?.remove();
    frame = element("iframe", { hidden: true, src: location.href.split("#")[0] + kProbe });
    askedAt = Date.now();
    frame.onerror = () => (askedAt = 0);
    document.body.append(frame);
  }, 1000 * meta.refreshSeconds);
  setInterval(() => {
    const busy = state.playing || Date.now() - lastTouch < kPatienceMs || byId("help").open;
    if (hasNews && !busy) location.reload();
  }, 500);
}
