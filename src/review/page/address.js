// SPDX-License-Identifier: Apache-2.0
// What is shown, as the part of the address after '#': a link to it, and what a reload comes back to.

// Sorted numbers as "3,7-12": short for a lasso's many neighbours.
export function packNumbers(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const parts = [];
  for (let i = 0; i < sorted.length; ++i) {
    const first = sorted[i];
    while (sorted[i + 1] === sorted[i] + 1) ++i;
    parts.push(first === sorted[i] ? String(first) : first + "-" + sorted[i]);
  }
  return parts.join(",");
}

export function unpackNumbers(text, limit) {
  const numbers = new Set();
  for (const part of text.split(",").filter(Boolean)) {
    const [first, last = first] = part.split("-").map(Number);
    for (let i = first; i <= Math.min(last, limit - 1); ++i) if (Number.isInteger(i) && i >= 0) numbers.add(i);
  }
  return numbers;
}

// The frame of the checkpoint at `step`, the nearest before it if there is none.
function frameOf(steps, text, fallback) {
  if (text === null || Number.isNaN(Number(text))) return fallback;
  const after = steps.findIndex((step) => step > Number(text));
  return after < 0 ? steps.length - 1 : Math.max(0, after - 1);
}

// Marked images with their class as "3:5,7:1".
function unpackRelabel(text, meta) {
  const pairs = text.split(",").map((part) => part.split(":").map(Number));
  const isMarked = ([i, c]) => Number.isInteger(i) && i >= 0 && i < meta.size && Number.isInteger(c) && c >= 0 && c < meta.classNames.length;
  return new Map(pairs.filter((pair) => pair.length === 2 && isMarked(pair)));
}
const packRelabel = (relabel) => [...relabel].sort(([a], [b]) => a - b).map((pair) => pair.join(":")).join(",");

// A field's range as "score:0.1:0.3"; an end that is missing is open.
function unpackRange(text) {
  const [key, low, high] = text.split(":");
  const end = (value, open) => (value === undefined || value === "" || Number.isNaN(Number(value)) ? open : Number(value));
  return key ? { key, low: end(low, -Infinity), high: end(high, Infinity) } : null;
}
const packRange = ({ key, low, high }) => [key, ...[low, high].map((end) => (Number.isFinite(end) ? String(end) : ""))].join(":");

// What checkpoints are aligned on as "40:3,7-12": the step of the one that stays, and the images.
function unpackAlignment(text, meta) {
  const [step, images = ""] = text.split(":");
  const chosen = [...unpackNumbers(images, meta.size)];
  return chosen.length > 0 ? { images: chosen, frame: frameOf(meta.steps, step, 0) } : null;
}

const kPins = ["left", "right"];
const kNoPin = "none";

export function readAddress(meta) {
  const values = new URLSearchParams(location.hash.slice(1));
  const { steps } = meta;
  const last = steps.length - 1;
  const frame = frameOf(steps, values.get("step"), last);
  const named = values.has("step");
  const pinned = kPins.includes(values.get("pin")) ? values.get("pin") : named || values.get("pin") === kNoPin ? "" : "left";
  const selected = unpackNumbers(values.get("selected") ?? "", meta.size);
  return {
    frame,
    left: frameOf(steps, values.get("left"), named || pinned !== "left" ? frame : 0),
    right: frameOf(steps, values.get("right"), frame),
    pinned,
    selected,
    hidden: unpackNumbers(values.get("hidden") ?? "", meta.classNames.length),
    search: values.get("search") ?? "",
    show: values.get("show") ?? "",
    colour: values.get("colour") ?? "label",
    range: unpackRange(values.get("range") ?? ""),
    relabel: unpackRelabel(values.get("relabel") ?? "", meta),
    training: values.get("training") !== "off",
    trails: values.has("trails"),
    regions: values.has("regions"),
    aligned: unpackAlignment(values.get("aligned") ?? "", meta),
    tab: values.get("tab") ?? "training",
    onlySelection: values.get("only") === "selection" && selected.size > 0,
    sort: values.get("sort") ?? "rankLast:asc",
  };
}

// Which checkpoints are shown. A live page at the newest one names it not, so that it follows to the next; where it names
// none, the left view is pinned at the first, if nothing else is said.
function writeFrames(meta, state, values) {
  const { frame, left, right, pinned } = state;
  const follows = meta.refreshSeconds > 0 && frame === meta.steps.length - 1;
  if (!follows) values.set("step", meta.steps[frame]);
  if (left !== frame || (follows && pinned === "left")) values.set("left", meta.steps[left]);
  if (right !== frame || (follows && pinned === "right")) values.set("right", meta.steps[right]);
  if (pinned || follows) values.set("pin", pinned || kNoPin);
}

function write(meta, state) {
  const values = new URLSearchParams();
  writeFrames(meta, state, values);
  if (state.selected.size > 0) values.set("selected", packNumbers(state.selected));
  if (state.hidden.size > 0) values.set("hidden", packNumbers(state.hidden));
  if (state.search) values.set("search", state.search);
  if (state.show) values.set("show", state.show);
  if (state.colour !== "label") values.set("colour", state.colour);
  if (state.range) values.set("range", packRange(state.range));
  if (state.relabel.size > 0) values.set("relabel", packRelabel(state.relabel));
  if (!state.training) values.set("training", "off");
  if (state.trails) values.set("trails", "on");
  if (state.regions) values.set("regions", "on");
  if (state.aligned) values.set("aligned", meta.steps[state.aligned.frame] + ":" + packNumbers(state.aligned.images));
  if (state.tab !== "training") values.set("tab", state.tab);
  if (state.onlySelection) values.set("only", "selection");
  if (state.sort) values.set("sort", state.sort);
  // Not location.hash: going back should leave the page, not walk through every frame that was played.
  history.replaceState(null, "", "#" + values.toString().replaceAll("%2C", ",").replaceAll("%3A", ":"));
}

const kInAddress = ["frame", "left", "right", "pinned", "selected", "hidden", "search", "show", "colour", "range", "relabel", "training", "trails", "regions", "aligned", "tab", "onlySelection", "sort"];

export function keepAddress(meta, state) {
  let timer = 0;
  state.on(kInAddress, () => {
    clearTimeout(timer);
    timer = setTimeout(() => write(meta, state), 150);
  });
  // Of a state that was pasted, which says all that is shown; "#table" and alike name a place on the page.
  window.addEventListener("hashchange", () => {
    if (location.hash.includes("=")) state.set({ ...readAddress(meta), playing: false, between: 0, active: -1, hovered: null });
  });
}
