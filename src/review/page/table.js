// SPDX-License-Identifier: Apache-2.0
// All fields of all images, sorted and filtered by Tabulator, which draws only the rows in sight.
import { byId, count, element, number, scoreText } from "./dom.js";
import { kShown, whenMaskChanges } from "./filter.js";
import { markOf } from "./palette.js";
import { addsTo, fillSelection, select } from "./state.js";
import { meaningOf } from "./words.js";

const kNeverLearned = 65535;
const kRowHeight = 30;

function rowsOf(dataset) {
  const { arrays, frames, size } = dataset;
  const last = frames - 1;
  return Array.from({ length: size }, (_, i) => {
    const row = { id: i, label: dataset.className(dataset.label(i)), scoreFirst: dataset.score(0, i), rankFirst: arrays.rankFirst[i],
      scoreLast: dataset.score(last, i), rankLast: arrays.rankLast[i] };
    if (dataset.meta.names) row.name = dataset.name(i);
    if (dataset.hasPredictions) {
      Object.assign(row, { predictionFirst: dataset.className(dataset.prediction(0, i)), predictionLast: dataset.className(dataset.prediction(last, i)),
        confidenceFirst: dataset.confidence(0, i), confidenceLast: dataset.confidence(last, i), forgetting: arrays.forgetting[i] });
      if (dataset.has("confidence")) row.mistakenness = dataset.mistakenness(last, i);
      if (dataset.has("hardness")) row.hardness = dataset.hardness(last, i);
    }
    if (arrays.issueRank) row.issueRank = arrays.issueRank[i];
    (dataset.meta.columns ?? []).forEach(({ values, categories }, k) => (row["own" + k] = categories ? categories[values[i]] : values[i]));
    return row;
  });
}

const classCell = (classOf) => (cell) => {
  const c = classOf(cell.getRow().getData().id);
  return element("span", { className: "class-cell", title: cell.getValue() }, markOf(c), element("span", { text: cell.getValue() }));
};
const numberCell = (digits) => (cell) => number(cell.getValue(), digits);

const plain = (title, field, width, digits) => ({ title, field, width, hozAlign: "right", headerHozAlign: "right", sorter: "number",
  formatter: numberCell(digits) });

// The word of words.js that a header stands for, by its field.
const kHeaderWords = { confidence: "confidence", score: "outlier score", rank: "outlier rank", forgetting: "forgotten", issueRank: "label issue",
  mistakenness: "mistakenness", hardness: "hardness" };
const headerMeaning = (field = "") => meaningOf(kHeaderWords[field.replace(/(First|Last)$/, "")]);

// What is known of an image at one checkpoint; `suffix` tells the fields of the first from those of the last.
function checkpointColumns(dataset, title, suffix, frame) {
  const guesses = dataset.hasPredictions ? [
    { title: "predicted", field: "prediction" + suffix, minWidth: 104, formatter: classCell((i) => dataset.prediction(frame, i)) },
    plain("confidence", "confidence" + suffix, 108, 3)] : [];
  return { title, headerHozAlign: "left", columns: [...guesses,
    { ...plain("outlier score", "score" + suffix, 118, 4), formatter: (cell) => scoreText(cell.getValue()) },
    plain("rank", "rank" + suffix, 70, 0)] };
}

// Of --columns. Tabulator takes a title as HTML; a name is anyone's.
function ownColumn(name, field, categories) {
  return { title: "", field, minWidth: 90, sorter: categories ? "string" : "number", hozAlign: categories ? "left" : "right",
    titleFormatter: () => element("span", { text: name, title: name }),
    formatter: (cell) => element("span", { text: cell.getValue() ?? "–", title: cell.getValue() ?? "" }) };
}

function columnsOf(dataset) {
  const pictures = { title: "image", field: "id", width: 54, headerSort: false, formatter: (cell) => dataset.picture(cell.getValue(), 24) };
  const columns = [
    ...(dataset.hasPictures ? [pictures] : []),
    { title: "index", field: "id", width: 72, hozAlign: "right", headerHozAlign: "right", sorter: "number" },
    { title: "label", field: "label", minWidth: 104, formatter: classCell((i) => dataset.label(i)) },
  ];
  if (dataset.meta.names) columns.push({ title: "name", field: "name", minWidth: 110,
    formatter: (cell) => element("span", { text: cell.getValue().split("/").at(-1), title: cell.getValue() }) }); // the folder tells the class
  if (dataset.arrays.issueRank) columns.push(plain("label issue", "issueRank", 106, 0));
  if (dataset.hasPredictions) {
    columns.push({ ...plain("forgotten", "forgetting", 102, 0),
      formatter: (cell) => (cell.getValue() === kNeverLearned ? "never right" : String(cell.getValue())) });
  }
  const largestFirst = { headerSortStartingDir: "desc" };
  if (dataset.has("confidence")) columns.push({ ...plain("mistakenness", "mistakenness", 144, 3), ...largestFirst });
  if (dataset.has("hardness")) columns.push({ ...plain("hardness", "hardness", 104, 2), ...largestFirst });
  const own = (dataset.meta.columns ?? []).map(({ name, categories }, k) => ownColumn(name, "own" + k, categories));
  return [...columns, ...own, checkpointColumns(dataset, "last checkpoint", "Last", dataset.frames - 1), checkpointColumns(dataset, "first checkpoint", "First", 0)];
}

const filterOf = (state) => (row) => state.mask[row.id] === kShown && (!state.onlySelection || state.selected.has(row.id));

function markRow(row, state) {
  const node = row.getElement();
  const i = row.getData().id;
  node.classList.toggle("chosen", state.selected.has(i));
  node.classList.toggle("current", state.active === i);
  node.setAttribute("aria-selected", String(state.selected.has(i)));
}

// A header says what it means, and sorts by Enter and Space as by a click. Not Tabulator's own tooltips: one that is
// shown stays while the pointer goes on to headers without one.
function connectHeaders(table) {
  for (const column of table.getColumns()) {
    const header = column.getElement();
    header.title = headerMeaning(column.getField());
    if (column.getDefinition().headerSort === false) continue;
    header.tabIndex = 0;
    header.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      header.click();
    });
  }
}

function connectKeys(table, state) {
  byId("table").addEventListener("keydown", (event) => {
    const rows = table.getRows("active");
    if (rows.length === 0 || event.target.closest("button, input, select")) return;
    if (event.key === "Enter" && state.active >= 0) select(state, state.active, addsTo(event));
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const at = rows.findIndex((row) => row.getData().id === state.active);
      const next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))];
      state.set({ active: next.getData().id });
      table.scrollToRow(next, "nearest", false);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

const sortText = (sorters) => sorters.map(({ field, dir }) => field + ":" + dir).join(",");

// The order that the state names, as Tabulator takes it; none where it names no column.
function sortersOf(state, columns) {
  const [field, dir] = state.sort.split(",")[0].split(":");
  const known = columns.flatMap((column) => column.columns ?? [column]).some((column) => column.field === field);
  return known ? [{ column: field, dir: dir === "desc" ? "desc" : "asc" }] : [];
}

function connectRows(table, dataset, state) {
  table.on("rowClick", (event, row) => select(state, row.getData().id, addsTo(event)));
  table.on("rowMouseEnter", (event, row) => state.set({
    hovered: { index: row.getData().id, frame: state.frame, x: event.clientX, y: event.clientY } }));
  table.on("rowMouseLeave", () => state.set({ hovered: null }));
}

// Another order, and other rows, are looked at from their beginning; Tabulator stays where it was. It draws all rows in
// sight anew: of a scrolling that it has not heard of yet it would keep some.
function showsTop(table) {
  let isAsked = false;
  table.on("renderComplete", () => {
    const { scrollTop } = byId("table").querySelector(".tabulator-tableholder");
    const isScrolled = isAsked && scrollTop > 0;
    isAsked = false;
    if (isScrolled) table.redraw(true);
  });
  return () => (isAsked = true);
}

function connectSort(table, columns, state, showTop) {
  table.on("dataSorted", (sorters) => {
    if (sortText(sorters) !== state.sort) showTop();
    state.set({ sort: sortText(sorters) });
  });
  const follow = () => {
    const wanted = sortersOf(state, columns);
    if (wanted.length === 0 || sortText(table.getSorters()) === state.sort) return;
    showTop();
    table.setSort(wanted);
  };
  state.on(["sort"], follow, { now: false });
}

function connectFilters(table, dataset, state, showTop) {
  const only = byId("only-selection");
  only.onchange = () => state.set({ onlySelection: only.checked });
  const showCount = (shown) => (byId("count").textContent = count(shown) + " of " + count(dataset.size));
  table.on("dataFiltered", (_, rows) => showCount(rows.length));
  showCount(dataset.size);
  byId("neighbour-search").textContent = dataset.meta.search ?? "";
  byId("neighbour-search").hidden = !dataset.meta.search;
  const filter = () => {
    showTop();
    table.setFilter(filterOf(state));
  };
  state.on(["onlySelection"], () => {
    only.checked = state.onlySelection;
    if (state.onlySelection) filter();
  });
  state.on(["onlySelection"], () => state.onlySelection || filter(), { now: state.mask.some((value) => value !== kShown) });
  whenMaskChanges(state, filter);
  state.on(["selected"], () => state.onlySelection && filter(), { now: false });
}

export function createTable(dataset, state) {
  const columns = columnsOf(dataset);
  const table = new Tabulator("#table", {
    data: rowsOf(dataset), columns, height: "100%", rowHeight: kRowHeight, layout: "fitColumns", placeholder: "No image fits the search.",
    initialSort: sortersOf(state, columns), headerSortTristate: false, rowFormatter: (row) => markRow(row, state),
  });
  return new Promise((resolve) => table.on("tableBuilt", () => {
    connectRows(table, dataset, state);
    const showTop = showsTop(table);
    connectHeaders(table);
    connectSort(table, columns, state, showTop);
    connectKeys(table, state);
    connectFilters(table, dataset, state, showTop);
    state.selectAll = () => fillSelection(state, table.getRows("active").map((row) => row.getData().id));
    state.on(["selected", "active"], () => {
      table.getRows("visible").forEach((row) => markRow(row, state));
      const row = state.active >= 0 && !byId("table").contains(document.activeElement) && table.getRow(state.active);
      if (row && table.getRows("active").includes(row)) table.scrollToRow(row, "nearest", false);
    });
    resolve(table);
  }));
}
