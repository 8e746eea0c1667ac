// SPDX-License-Identifier: Apache-2.0
// Starts the page. The writer joins these modules into one, in the order of their imports, and leaves the import
// and export words out: a page from disk cannot import files. So top-level names are unique over all of them.
import { keepAddress, readAddress } from "./address.js";
import { fillClasses } from "./classes.js";
import { createColouring } from "./colouring.js";
import { fillConfusion } from "./confusion.js";
import { fillCurves } from "./curves.js";
import { openDataset } from "./dataset.js";
import { readMeta, runLibrary, unpackLibrary } from "./decode.js";
import { byId, count, element, painted } from "./dom.js";
import { fieldsOf } from "./fields.js";
import { createFilter } from "./filter.js";
import { fillGroups } from "./groups.js";
import { createHover } from "./hover.js";
import { connectKeyboard } from "./keys.js";
import { createLegend } from "./legend.js";
import { answerProbe, keepFresh } from "./live.js";
import { useColours } from "./palette.js";
import { createRegionsChip } from "./regions.js";
import { createScale } from "./scale.js";
import { createSearch } from "./search.js";
import { createSelection } from "./selection.js";
import { compareFirstAndLast, createState } from "./state.js";
import { createTable } from "./table.js";
import { createTabs } from "./tabs.js";
import { createTimeline } from "./timeline.js";
import { createTrainingChip } from "./training.js";
import { View } from "./view.js";

function createTools(dataset, state) {
  const tools = [["lasso", "Lasso", "Draw around points to select them (L)"], ["pan", "Move", "Drag the plane (M)"]].map(([tool, text, title]) =>
    element("button", { type: "button", text, title, onclick: () => state.set({ tool }), "data-tool": tool }));
  const compare = element("button", { type: "button", text: "First | last", title: "Compare the first and the last checkpoint (C)",
    onclick: () => compareFirstAndLast(state, dataset.frames) });
  document.querySelector(".timeline").append(element("div", { className: "buttons" }, ...tools), compare);
  state.on(["tool"], () => tools.forEach((button) => button.setAttribute("aria-pressed", String(state.tool === button.dataset.tool))));
}

function panelsOf(dataset, state) {
  const panels = [{ key: "training", title: "Training", fill: (box) => fillCurves(box, dataset, state) }];
  if (dataset.hasPredictions) {
    panels.push({ key: "classes", title: "Classes", fill: (box) => {
      fillConfusion(box, dataset, state);
      fillClasses(box, dataset, state);
    } });
  }
  if (dataset.hasNeighbours) panels.push({ key: "groups", title: "Groups", fill: (box) => fillGroups(box, dataset, state) });
  return panels;
}

function createViews(dataset, state, colouring) {
  const [left, right] = ["left", "right"].map((side) => new View(side, dataset, state, colouring));
  left.onZoom = (shown) => right.follow(shown);
  right.onZoom = (shown) => left.follow(shown);
  return [left, right];
}

function startState(meta) {
  const state = createState({ theme: 0, ...readAddress(meta), numClasses: meta.classNames.length, playing: false, between: 0, hovered: null, active: -1,
    tool: "lasso", mask: null });
  useColours(meta.classColours, () => state.set({ theme: state.theme + 1 }));
  return state;
}

// All that is seen at first.
function createParts(dataset, state) {
  const fields = fieldsOf(dataset);
  const colouring = createColouring(dataset, state, fields);
  const choices = createFilter(dataset, state, fields);
  state.on(["aligned"], () => dataset.align(state.aligned)); // before who draws
  const views = createViews(dataset, state, colouring);
  createLegend(dataset, state);
  createTrainingChip(dataset, state);
  createRegionsChip(dataset, state);
  createScale(dataset, state, fields, colouring);
  createSearch(state, choices);
  createTools(dataset, state);
  createTimeline(dataset, state);
  createHover(dataset, state);
  createTabs(state, panelsOf(dataset, state));
  createSelection(dataset, state, fields);
  return views;
}

// A browser takes long to open so many, and its tab stands still meanwhile: the reader decides.
function askWhetherToOpen(meta) {
  return new Promise((resolve) => {
    const open = element("button", { type: "button", id: "open-many", text: "Open them", onclick: async () => {
      byId("summary").textContent = "Opening " + count(meta.size) + " images ...";
      await painted();
      resolve();
    } });
    byId("summary").replaceChildren(count(meta.size) + " images: the browser may take a minute, and some GB of memory, to open them. ", open);
    open.focus();
  });
}

async function main() {
  const asked = readMeta();
  if (answerProbe(asked)) return;
  if (asked.size >= asked.asksFrom && asked.refreshSeconds === 0) await askWhetherToOpen(asked);
  const tabulator = unpackLibrary("tabulator");
  const dataset = await openDataset();
  const { meta } = dataset;
  byId("title").textContent = byId("title").title = meta.title;
  if (dataset.frames === 0 || dataset.size === 0) {
    byId("summary").textContent = "No checkpoint has been analysed yet.";
    keepFresh(meta, {});
    return;
  }
  const training = dataset.trainingSize > 0 ? count(dataset.trainingSize) + " training images, " : "";
  byId("summary").textContent = count(dataset.size) + (dataset.hasPictures ? " test images, " : " embeddings, ") + training + dataset.frames + " checkpoints";
  if (!dataset.hasPictures) byId("things").textContent = "Rows";
  const state = startState(meta);
  const [view] = createParts(dataset, state);
  performance.mark("first views");
  await painted();
  await dataset.showPictures();
  await runLibrary(await tabulator);
  await createTable(dataset, state);
  connectKeyboard(dataset, state, view);
  keepAddress(meta, state);
  keepFresh(meta, state);
  performance.mark("ready");
  document.body.dataset.ready = "true";
}

main().catch((error) => {
  byId("summary").textContent = "This page could not start: " + error.message;
  throw error;
});
