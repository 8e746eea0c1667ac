// SPDX-License-Identifier: Apache-2.0
// The accuracy of each class over time, the worst class at the slider's checkpoint first.
import { asksForFrames, sparkline } from "./curves.js";
import { element } from "./dom.js";
import { markOf } from "./palette.js";
import { goTo } from "./state.js";

const kClassSpark = 22;

// By class and checkpoint: the share of the class's images that are predicted rightly; NaN where it has none.
export function accuracies(dataset) {
  const right = dataset.meta.classNames.map(() => new Float64Array(dataset.frames));
  const sizes = new Float64Array(right.length);
  for (let i = 0; i < dataset.size; ++i) {
    const c = dataset.label(i);
    ++sizes[c];
    for (let t = 0; t < dataset.frames; ++t) if (dataset.isRight(t, i)) ++right[c][t];
  }
  return right.map((all, c) => all.map((number) => number / sizes[c]));
}

function rowOf(c, values, dataset, state) {
  const { classNames, epochs } = dataset.meta;
  const value = element("output", { className: "curve-value" });
  const alone = element("button", { type: "button", className: "class-alone", title: "Show this class alone, or all again" }, markOf(c), element("span", { text: classNames[c], className: "class-name" }));
  alone.onclick = () => {
    const isAlone = !state.hidden.has(c) && state.hidden.size === classNames.length - 1;
    state.set({ hidden: new Set(isAlone ? [] : [...classNames.keys()].filter((other) => other !== c)) });
  };
  const spark = sparkline({ epochs, values: [...values] }, epochs.at(-1), kClassSpark, [0, 1]);
  asksForFrames(spark.svg, dataset, { click: (frame) => goTo(state, frame, dataset.frames) });
  const show = () => {
    value.textContent = Number.isFinite(values[state.frame]) ? (100 * values[state.frame]).toFixed(1) + " %" : "–";
    spark.moveTo(epochs[state.frame]);
  };
  return { c, node: element("div", { className: "class-row", "data-class": c }, alone, spark.svg, value), show };
}

export function fillClasses(box, dataset, state) {
  const all = accuracies(dataset);
  const rows = all.map((values, c) => rowOf(c, values, dataset, state));
  const list = element("div", {});
  box.append(element("h3", { text: "Accuracy of each class" }), list);
  state.on(["frame"], () => {
    rows.forEach((row) => row.show());
    const order = [...rows].sort((a, b) => (all[a.c][state.frame] || 0) - (all[b.c][state.frame] || 0) || a.c - b.c);
    const isSame = order.every((row, k) => list.children[k] === row.node);
    if (!isSame) list.replaceChildren(...order.map(({ node }) => node));
  });
}
