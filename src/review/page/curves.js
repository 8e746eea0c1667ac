// SPDX-License-Identifier: Apache-2.0
// Everything that was measured over time as small plots above each other, with a cursor at the slider's checkpoint.
import { byId } from "./dom.js";
import { goTo } from "./state.js";

const kSpace = 350; // pixels for all plots; each is at least kLeastHeight high
const kLeastHeight = 36;
const kMostHeight = 62;
const kHeldOpacity = 0.45; // of a value that is kept for want of a later one

// Plotly reads a little HTML in text; names are to be shown as they are.
const asText = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

function nearestFrame(epochs, epoch) {
  let best = 0;
  epochs.forEach((value, t) => {
    if (Math.abs(value - epoch) < Math.abs(epochs[best] - epoch)) best = t;
  });
  return best;
}

// What the curves' axis counts: steps where the training is shorter than an epoch. As in the animation.
function timeAxis({ steps, epochs, hasEpochs }) {
  if (!hasEpochs) return { unit: "step", perEpoch: 1 };
  const [step, epoch] = [steps.at(-1), epochs.at(-1)];
  return epoch > 0 && epoch < 1 && step > 0 ? { unit: "step", perEpoch: step / epoch } : { unit: "epoch", perEpoch: 1 };
}

const axisName = (letter, row) => letter + (row === 0 ? "" : row + 1);

function traces(curves, time, colour) {
  return curves.map((curve, c) => ({
    x: curve.epochs.map((epoch) => epoch * time.perEpoch),
    y: curve.values,
    name: asText(curve.name),
    xaxis: "x",
    yaxis: axisName("y", c),
    mode: curve.values.length > 1 ? "lines" : "markers",
    line: { color: colour, width: 1.5 },
    hovertemplate: "%{y:.4g}<extra></extra>",
  }));
}

// From where a curve ends before the last checkpoint to there: what was logged last, fainter. As in the animation.
function heldTraces(curves, time, lastEpoch, colour) {
  return curves.flatMap((curve, c) => {
    const last = curve.values.findLastIndex((value) => value !== null);
    if (last < 0 || curve.epochs[last] >= lastEpoch) return [];
    return [{
      x: [curve.epochs[last], lastEpoch].map((epoch) => epoch * time.perEpoch),
      y: [curve.values[last], curve.values[last]],
      xaxis: "x",
      yaxis: axisName("y", c),
      mode: "lines",
      opacity: kHeldOpacity,
      line: { color: colour, width: 1.5 },
      hoverinfo: "skip",
    }];
  });
}

function layout(curves, time, ink, grid) {
  const rows = curves.length;
  const result = {
    height: 30 + rows * Math.max(kLeastHeight, Math.min(kMostHeight, kSpace / rows)),
    margin: { l: 44, r: 8, t: 4, b: 26 },
    showlegend: false,
    hovermode: "x",
    dragmode: false,
    font: { size: 10, color: ink },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    xaxis: { title: { text: time.unit, standoff: 2 }, gridcolor: grid, zeroline: false, anchor: "y" + (rows > 1 ? rows : ""), fixedrange: true },
    annotations: [],
  };
  curves.forEach((curve, c) => {
    const top = 1 - c / rows;
    result[axisName("yaxis", c)] = {
      domain: [top - 0.9 / rows, top - 0.38 / rows], gridcolor: grid, zeroline: false, nticks: 2, rangemode: "nonnegative", fixedrange: true, exponentformat: "e",
    };
    result.annotations.push({
      text: asText(curve.name), xref: "paper", yref: "paper", x: 0, y: top, xanchor: "left", yanchor: "top", showarrow: false,
      font: { size: 11, color: ink },
    });
  });
  return result;
}

export async function createCurves(dataset, state) {
  const plot = byId("curves");
  const { curves, epochs } = dataset.meta;
  if (curves.length === 0) {
    plot.textContent = "No curves were logged.";
    return;
  }
  const style = getComputedStyle(document.body);
  const [ink, line, accent] = ["--ink", "--line", "--accent"].map((name) => style.getPropertyValue(name));
  const time = timeAxis(dataset.meta);
  const all = [...traces(curves, time, accent), ...heldTraces(curves, time, epochs.at(-1), accent)];
  await Plotly.newPlot(plot, all, layout(curves, time, ink, line), { displayModeBar: false, responsive: true });
  plot.addEventListener("click", (event) => {
    const axis = plot._fullLayout.xaxis;
    const epoch = axis.p2l(event.clientX - plot.getBoundingClientRect().left - axis._offset) / time.perEpoch;
    goTo(state, nearestFrame(epochs, epoch), dataset.frames);
  });
  state.on(["frame"], () => {
    const x = epochs[state.frame] * time.perEpoch;
    Plotly.relayout(plot, { shapes: [{ type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: { color: "#d1434b", width: 1.5 } }] });
  });
}
