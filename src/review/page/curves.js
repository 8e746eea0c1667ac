// SPDX-License-Identifier: Apache-2.0
// What was measured over time: three curves with their value at the slider's checkpoint, the others below, folded.
import { element } from "./dom.js";
import { setAttributes, svgElement } from "./palette.js";
import { goTo } from "./state.js";
import { whatIs } from "./words.js";

const kSparkWidth = 300; // of a drawing, which is stretched to the room that there is
const kBig = 54;
const kSmall = 30;
// The three: of each line the first that there is.
const kFirst = [["training loss", "test loss"], ["accuracy", "knn accuracy"], ["trustworthiness", "neighbour preservation"]];

// What the curves' axis counts: steps where the training is shorter than an epoch. As in the animation.
function timeAxis({ steps, epochs, hasEpochs }) {
  if (!hasEpochs) return { unit: "step", perEpoch: 1 };
  const [step, epoch] = [steps.at(-1), epochs.at(-1)];
  return epoch > 0 && epoch < 1 && step > 0 ? { unit: "step", perEpoch: step / epoch } : { unit: "epoch", perEpoch: 1 };
}

export const valueText = (value) => {
  if (!Number.isFinite(value)) return "–";
  return value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e5) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
};

function nearestFrame(epochs, epoch) {
  let best = 0;
  epochs.forEach((value, t) => {
    if (Math.abs(value - epoch) < Math.abs(epochs[best] - epoch)) best = t;
  });
  return best;
}

// Where a curve stands: what was measured last until then.
function valueAt(curve, epoch) {
  let value = NaN;
  for (let k = 0; k < curve.values.length && curve.epochs[k] <= epoch + 1e-9; ++k) value = curve.values[k] ?? value;
  return value;
}

// Draws in the box 0..1, [x, y] from the left bottom corner, `height` high.
function pathOf(points, height) {
  const pad = 3;
  return points.map(([x, y], k) => (k > 0 ? "L" : "M") + (x * kSparkWidth).toFixed(1) + " " + (height - pad - y * (height - 2 * pad)).toFixed(1)).join("");
}

// A log may have more lines than a function takes arguments.
function limitsOf(points) {
  let [low, high] = [Infinity, -Infinity];
  for (const [, value] of points) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

// The line of what was measured, and the fainter one from its end to the last checkpoint. As in the animation.
export function sparkline(curve, lastEpoch, height, limits) {
  const known = curve.values.map((value, k) => [curve.epochs[k], value]).filter(([, value]) => Number.isFinite(value));
  const [low, high] = limits ?? limitsOf(known);
  const place = ([epoch, value]) => [lastEpoch > 0 ? epoch / lastEpoch : 0.5, high > low ? (value - low) / (high - low) : 0.5];
  const svg = svgElement("svg", { viewBox: "0 0 " + kSparkWidth + " " + height, preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" });
  svg.style.height = height + "px";
  const line = svgElement("path", { class: "spark-line", d: pathOf(known.map(place), height) });
  svg.append(line);
  const end = known.at(-1);
  if (end && end[0] < lastEpoch) svg.append(svgElement("path", { class: "spark-line spark-held", d: pathOf([end, [lastEpoch, end[1]]].map(place), height) }));
  if (known.length === 1) setAttributes(line, { d: pathOf([place(end), [place(end)[0] + 0.01, place(end)[1]]], height) });
  const cursor = svgElement("line", { class: "spark-cursor", y1: 0, y2: height });
  svg.append(cursor);
  const moveTo = (epoch) => (cursor.style.transform = "translateX(" + kSparkWidth * place([epoch, low])[0] + "px)");
  return { svg, low, high, moveTo };
}

// A click, and the pointer over it, ask for the nearest checkpoint.
export function asksForFrames(svg, dataset, { click, over }) {
  const { epochs } = dataset.meta;
  const frameAt = (event) => {
    const { left, width } = svg.getBoundingClientRect();
    return nearestFrame(epochs, ((event.clientX - left) / width) * epochs.at(-1));
  };
  svg.addEventListener("click", (event) => click(frameAt(event)));
  if (!over) return;
  svg.addEventListener("pointermove", (event) => over(frameAt(event)));
  svg.addEventListener("pointerleave", () => over(null));
}

function curveRow(curve, dataset, state, height) {
  const { epochs } = dataset.meta;
  const value = element("output", { className: "curve-value" });
  const spark = sparkline(curve, epochs.at(-1), height);
  const range = element("span", { className: "soft curve-range", text: valueText(spark.low) + " to " + valueText(spark.high) });
  const show = (frame) => (value.textContent = valueText(valueAt(curve, epochs[frame ?? state.frame])));
  asksForFrames(spark.svg, dataset, { click: (frame) => goTo(state, frame, dataset.frames), over: show });
  state.on(["frame"], () => {
    show(null);
    spark.moveTo(epochs[state.frame]);
  });
  return element("div", { className: "curve", "data-curve": curve.name },
    element("div", { className: "curve-head" }, element("span", { text: curve.name }), whatIs(curve.name), range, value), spark.svg);
}

export function fillCurves(box, dataset, state) {
  const { curves, epochs } = dataset.meta;
  const known = curves.filter(({ values }) => values.some((value) => Number.isFinite(value)));
  if (known.length === 0) return box.append(element("p", { className: "soft", text: "No curves were logged." }));
  const first = kFirst.map((names) => names.map((name) => known.find((curve) => curve.name === name)).find(Boolean)).filter(Boolean);
  const rest = known.filter((curve) => !first.includes(curve));
  const time = timeAxis(dataset.meta);
  const [from, to] = [epochs[0], epochs.at(-1)].map((epoch) => valueText(epoch * time.perEpoch));
  box.append(...first.map((curve) => curveRow(curve, dataset, state, kBig)),
    element("p", { className: "soft curve-axis" }, element("span", { text: from }), element("span", { text: time.unit }), element("span", { text: to })));
  if (rest.length === 0) return;
  const more = element("details", {}, element("summary", { text: rest.length + " more curves" }));
  more.addEventListener("toggle", () => more.append(...rest.map((curve) => curveRow(curve, dataset, state, kSmall))), { once: true });
  box.append(more);
}
