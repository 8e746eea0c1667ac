// SPDX-License-Identifier: Apache-2.0
// What the colours mean: of numbers a histogram over the scale, on which a range is chosen by dragging or by typing.
import { doubtColour, fixedColours } from "./colouring.js";
import { byId, element } from "./dom.js";
import { colourOf } from "./palette.js";
import { kRamp } from "./ramp.js";
import { whatIs } from "./words.js";

const kBins = 64;
const kScaleWidth = 224; // pixels
const kScaleHeight = 30;
const kMostKeys = 6; // of a column of words

const css = ([red, green, blue]) => "rgb(" + red + " " + green + " " + blue + ")";

// To a thousandth of the scale's length or finer: the pointer is no more exact.
function roundedFor(length, value) {
  const digits = 3 - Math.floor(Math.log10(length));
  return digits >= 0 ? Number(value.toFixed(Math.min(100, digits))) : Math.round(value / 10 ** -digits) * 10 ** -digits;
}

// How many shown or left out images have a value in each of kBins steps of the scale.
function histogram(field, dataset, state, { low, high }) {
  const counts = new Float64Array(kBins);
  for (let i = 0; i < dataset.size; ++i) {
    const value = field.value(state.frame, i);
    if (Number.isNaN(value) || state.hidden.has(dataset.label(i))) continue;
    const share = high > low ? (value - low) / (high - low) : 0.5;
    ++counts[Math.max(0, Math.min(kBins - 1, Math.floor(share * kBins)))];
  }
  return counts;
}

class Histogram {
  constructor(field, dataset, state, colouring) {
    Object.assign(this, { field, dataset, state, colouring, scale: colouring.scaleOf(field) });
    this.canvas = element("canvas", { width: 2 * kScaleWidth, height: 2 * kScaleHeight, className: "histogram", title: "Drag to show a range only; a click shows all" });
    const { low, middle, high } = this.scale;
    const ends = element("span", { className: "ends soft" }, ...[low, middle, high].map((value) => element("span", { text: field.text(value) })));
    this.node = element("span", { className: "scale" }, this.canvas, ends);
    this.#listen();
  }

  draw() {
    const { canvas, colouring, field, state } = this;
    const pen = canvas.getContext("2d");
    const step = colouring.stepOf(field);
    const { low, high } = this.scale;
    const counts = histogram(field, this.dataset, state, this.scale);
    const most = Math.max(1, ...counts);
    const bar = canvas.width / kBins;
    const isChosen = state.range?.key === field.key;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    counts.forEach((number, k) => {
      const value = low + ((k + 0.5) / kBins) * (high - low);
      const at = 3 * step(value);
      pen.globalAlpha = isChosen && (value < state.range.low || value > state.range.high) ? 0.25 : 1;
      pen.fillStyle = css(kRamp.subarray(at, at + 3));
      const height = number > 0 ? Math.max(3, Math.sqrt(number / most) * (canvas.height - 12)) : 0;
      pen.fillRect(k * bar, canvas.height - 10 - height, bar - 1, height);
      pen.fillRect(k * bar, canvas.height - 8, bar + 0.5, 8);
    });
  }

  // An end of the scale stands for all that lies beyond it.
  #choose(from, to) {
    const { field, state } = this;
    const { low, high } = this.scale;
    const [a, b] = [Math.min(from, to), Math.max(from, to)];
    const value = (share) => (high > low ? roundedFor(high - low, low + share * (high - low)) : low);
    const range = b - a < 0.01 ? null : { key: field.key, low: a <= 0 ? -Infinity : value(a), high: b >= 1 ? Infinity : value(b) };
    state.set({ range });
  }

  #listen() {
    const { canvas } = this;
    let from = null;
    let before = null; // the range until then
    const shareAt = (event) => {
      const box = canvas.getBoundingClientRect();
      return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      from = shareAt(event);
      before = this.state.range;
    });
    canvas.addEventListener("pointermove", (event) => from !== null && this.#choose(from, shareAt(event)));
    canvas.addEventListener("pointerup", (event) => {
      if (from !== null) this.#choose(from, shareAt(event));
      from = null;
    });
    // The browser took the pointer for something else.
    canvas.addEventListener("pointercancel", () => {
      if (from !== null) this.state.set({ range: before });
      from = null;
    });
  }
}

const kNoEnd = { low: -Infinity, high: Infinity };
const shownEnd = (value) => (Number.isFinite(value) ? String(value) : "");

// Two fields to type the ends of the range into.
function endInputs(field, state) {
  const inputs = Object.fromEntries(["low", "high"].map((end) => [end,
    element("input", { type: "number", step: "any", className: "end", placeholder: end === "low" ? "from" : "to", "aria-label": field.title + (end === "low" ? " from" : " to") })]));
  for (const [end, input] of Object.entries(inputs)) {
    input.onchange = () => {
      const before = state.range?.key === field.key ? state.range : { key: field.key, ...kNoEnd };
      const range = { ...before, [end]: input.value === "" ? kNoEnd[end] : Number(input.value) };
      state.set({ range: Number.isFinite(range.low) || Number.isFinite(range.high) ? range : null });
    };
  }
  const show = () => {
    const range = state.range?.key === field.key ? state.range : kNoEnd;
    for (const [end, input] of Object.entries(inputs)) input.value = shownEnd(range[end]);
  };
  return { nodes: Object.values(inputs), show };
}

function doubtLegend() {
  const side = 40;
  const canvas = element("canvas", { width: side, height: side, className: "doubt" });
  const corners = fixedColours().doubt.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
  const pen = canvas.getContext("2d");
  for (let x = 0; x < side; ++x) for (let y = 0; y < side; ++y) {
    pen.fillStyle = css(doubtColour(x / side, 1 - y / side, corners));
    pen.fillRect(x, y, 1, 1);
  }
  return [canvas, element("span", { className: "soft doubt-words" }, element("span", { text: "↑ missing neighbours" }), element("span", { text: "→ false neighbours" }))];
}

const keyOf = (colour, text) =>
  element("span", { className: "key", title: text }, element("span", { className: "dot", style: "background:" + colour }), element("span", { className: "class-name", text }));

// The first of a column's words; all are in the table.
function categoryKeys({ categories }, unknown) {
  const more = categories.length > kMostKeys ? [element("span", { className: "soft", text: "and " + (categories.length - kMostKeys) + " more" })] : [];
  return [...categories.slice(0, kMostKeys).map((text, c) => keyOf(colourOf(c), text)), ...more, keyOf(unknown, "no value")];
}

function legendOf(field) {
  const { yes, no, unknown } = fixedColours();
  if (field.kind === "flag") return [keyOf(no, "wrong"), keyOf(yes, "right")];
  if (field.kind === "doubt") return doubtLegend();
  if (field.kind === "category") return categoryKeys(field, unknown);
  return [];
}

// The name of the range in force, with a button that ends it.
function connectRange(state, fields) {
  const chip = element("button", { type: "button", className: "range-chip", title: "Show all again", onclick: () => state.set({ range: null }) });
  state.on(["range"], () => {
    const field = state.range && fields.find(({ key }) => key === state.range.key);
    chip.hidden = !field;
    if (field) chip.textContent = field.title + " " + [state.range.low, state.range.high].map((end) => shownEnd(end) || "…").join(" to ") + "  ✕";
  });
  return chip;
}

function optionsOf(fields) {
  const option = ({ key, title }) => element("option", { value: key, text: title });
  const own = fields.filter(({ isOwn }) => isOwn);
  const rest = fields.filter(({ isOwn }) => !isOwn).map(option);
  return own.length === 0 ? rest : [...rest, element("optgroup", { label: "own columns" }, ...own.map(option))];
}

export function createScale(dataset, state, fields, colouring) {
  const choice = byId("colour");
  choice.append(...optionsOf(fields));
  choice.onchange = () => state.set({ colour: choice.value });
  const legend = byId("scale");
  byId("filters").append(connectRange(state, fields));
  let shown = null;
  state.on(["colour", "theme"], () => {
    const field = colouring.fieldNow();
    choice.value = field.key;
    shown = field.kind === "number" ? { histogram: new Histogram(field, dataset, state, colouring), ends: endInputs(field, state) } : null;
    legend.replaceChildren(whatIs(field.word ?? field.title), ...(shown ? [shown.histogram.node, ...shown.ends.nodes] : legendOf(field)));
  });
  state.on(["colour", "theme", "range", "frame", "hidden"], () => {
    shown?.histogram.draw();
    shown?.ends.show();
  });
}
