// SPDX-License-Identifier: Apache-2.0
// Starts the page. The writer joins these modules into one, in the order of their imports, and leaves the import
// and export words out: a page from disk cannot import files. So top-level names are unique over all of them.
import { keepAddress, readAddress } from "./address.js";
import { createCurves } from "./curves.js";
import { openDataset } from "./dataset.js";
import { readMeta, runLibrary, unpackLibrary } from "./decode.js";
import { byId, count, element, painted } from "./dom.js";
import { createHover } from "./hover.js";
import { connectKeyboard } from "./keys.js";
import { createLegend } from "./legend.js";
import { answerProbe, keepFresh } from "./live.js";
import { useColours } from "./palette.js";
import { createSelection } from "./selection.js";
import { compareFirstAndLast, createState } from "./state.js";
import { createTable } from "./table.js";
import { createTimeline } from "./timeline.js";
import { View } from "./view.js";

function createTools(dataset, state) {
  const tools = [["lasso", "Lasso", "Draw around points to select them (L)"], ["pan", "Move", "Drag the plane (M)"]].map(([tool, text, title]) =>
    element("button", { type: "button", text, title, onclick: () => state.set({ tool }), "data-tool": tool }));
  const compare = element("button", { type: "button", text: "First | last", title: "Compare the first and the last checkpoint (C)",
    onclick: () => compareFirstAndLast(state, dataset.frames) });
  document.querySelector(".timeline").append(element("div", { className: "buttons" }, ...tools), compare);
  state.on(["tool"], () => tools.forEach((button) => button.setAttribute("aria-pressed", String(state.tool === button.dataset.tool))));
}

async function startViews(left, right) {
  await Promise.all([left.start(), right.start()]);
  left.onZoom = (change) => right.follow(change);
  right.onZoom = (change) => left.follow(change);
}

async function main() {
  if (answerProbe(readMeta())) return;
  const [plotly, tabulator] = ["plotly", "tabulator"].map(unpackLibrary);
  const dataset = await openDataset();
  const { meta } = dataset;
  byId("title").textContent = meta.title;
  if (dataset.frames === 0 || dataset.size === 0) {
    byId("summary").textContent = "No checkpoint has been analysed yet.";
    keepFresh(meta, {});
    return;
  }
  byId("summary").textContent = count(dataset.size) + (dataset.hasPictures ? " test images, " : " embeddings, ") + dataset.frames + " checkpoints";
  if (!dataset.hasPictures) byId("things").textContent = "Rows";
  const state = createState({ theme: 0, ...readAddress(meta), numClasses: meta.classNames.length, playing: false, hovered: null, active: -1, tool: "lasso" });
  useColours(meta.classColours, () => state.set({ theme: state.theme + 1 }));
  // Plotly takes longest to start: it is compiled while all else is made, and the points are shown before.
  const plotlyRuns = runLibrary(await plotly);
  createLegend(dataset, state);
  createTools(dataset, state);
  createTimeline(dataset, state);
  createHover(dataset, state);
  createSelection(dataset, state);
  const [left, right] = ["left", "right"].map((side) => new View(side, dataset, state));
  performance.mark("first views");
  await painted();
  await dataset.showPictures();
  await runLibrary(await tabulator);
  await createTable(dataset, state);
  await plotlyRuns;
  await startViews(left, right);
  await createCurves(dataset, state);
  connectKeyboard(dataset, state);
  keepAddress(meta, state);
  keepFresh(meta, state);
  performance.mark("ready");
  document.body.dataset.ready = "true";
}

main().catch((error) => {
  byId("summary").textContent = "This page could not start: " + error.message;
  throw error;
});
