// SPDX-License-Identifier: Apache-2.0
// Labels against predictions at the slider's checkpoint. A cell selects its images. Of many classes the pairs that are
// confused most often are listed instead.
import { count, element } from "./dom.js";
import { markOf } from "./palette.js";
import { addsTo, fillSelection } from "./state.js";

const kMostClasses = 20; // that a matrix shows
const kMostPairs = 40;

// [C * C], how many images of each label have each prediction.
export function countPairs(dataset, frame) {
  const classes = dataset.meta.classNames.length;
  const counts = new Uint32Array(classes * classes);
  for (let i = 0; i < dataset.size; ++i) ++counts[dataset.label(i) * classes + dataset.prediction(frame, i)];
  return counts;
}

function selectPair(dataset, state, label, prediction, add) {
  const indices = [];
  for (let i = 0; i < dataset.size; ++i) if (dataset.label(i) === label && dataset.prediction(state.frame, i) === prediction) indices.push(i);
  fillSelection(state, indices, add);
}

class Matrix {
  constructor(dataset, state) {
    Object.assign(this, { dataset, state });
    const names = dataset.meta.classNames;
    const head = (c, scope) => element("th", { scope, title: names[c] }, markOf(c), ...(scope === "row" ? [element("span", { text: names[c], className: "class-name" })] : []));
    this.cells = names.map((_, label) => names.map((__, prediction) => this.#cell(label, prediction)));
    const rows = this.cells.map((row, label) => element("tr", {}, head(label, "row"), ...row.map((button) => element("td", {}, button))));
    this.node = element("table", { className: "matrix", "aria-label": "Confusion matrix: a row for each label, a column for each prediction" },
      element("thead", {}, element("tr", {}, element("td", { className: "soft", text: "label ╲ predicted" }), ...names.map((_, c) => head(c, "col")))),
      element("tbody", {}, ...rows));
    this.node.addEventListener("keydown", (event) => this.#walk(event));
    this.cells[0][0].tabIndex = 0;
  }

  #cell(label, prediction) {
    const button = element("button", { type: "button", tabIndex: -1, className: label === prediction ? "cell right" : "cell" });
    Object.assign(button.dataset, { label, prediction });
    button.onclick = (event) => selectPair(this.dataset, this.state, label, prediction, addsTo(event));
    return button;
  }

  // Arrow keys go from cell to cell: one of them is a stop of Tab.
  #walk(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step || !event.target.matches(".cell")) return;
    const { label, prediction } = event.target.dataset;
    const next = this.cells[Number(label) + step[0]]?.[Number(prediction) + step[1]];
    event.preventDefault();
    event.stopPropagation();
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  show(counts) {
    const names = this.dataset.meta.classNames;
    const classes = names.length;
    const most = Math.max(1, ...counts.filter((_, at) => at % (classes + 1) !== 0));
    this.cells.forEach((row, label) => row.forEach((button, prediction) => {
      const number = counts[label * classes + prediction];
      button.textContent = number > 0 ? String(number) : "";
      button.disabled = false;
      button.style.setProperty("--share", label === prediction ? 0 : Math.sqrt(number / most));
      button.title = count(number) + " × " + names[label] + (label === prediction ? ", rightly" : " taken for " + names[prediction]);
      button.setAttribute("aria-label", button.title);
    }));
  }
}

class Pairs {
  constructor(dataset, state) {
    Object.assign(this, { dataset, state, node: element("div", { className: "pairs" }) });
  }
  show(counts) {
    const names = this.dataset.meta.classNames;
    const classes = names.length;
    const pairs = [...counts.keys()].filter((at) => counts[at] > 0 && at % (classes + 1) !== 0).sort((a, b) => counts[b] - counts[a] || a - b);
    this.node.replaceChildren(...pairs.slice(0, kMostPairs).map((at) => {
      const [label, prediction] = [Math.floor(at / classes), at % classes];
      return element("button", { type: "button", className: "pair", onclick: (event) => selectPair(this.dataset, this.state, label, prediction, addsTo(event)) },
        markOf(label), names[label], element("span", { className: "soft", text: "taken for" }), markOf(prediction), names[prediction],
        element("strong", { text: count(counts[at]) }));
    }));
  }
}

// Says where the slider is, and calls `show` while the panel is in sight.
function followFrame(box, dataset, state, title, show) {
  state.on(["frame", "tab"], () => {
    if (box.hidden || !box.isConnected) return;
    title.textContent = dataset.moment(state.frame);
    show();
  });
}

export function fillConfusion(box, dataset, state) {
  const parts = dataset.meta.classNames.length <= kMostClasses ? new Matrix(dataset, state) : new Pairs(dataset, state);
  const moment = element("span", { className: "soft" });
  box.append(element("h3", {}, "Labels and predictions, ", moment), parts.node,
    element("p", { className: "soft", text: "Click a number to select its images; with Shift they are added." }));
  followFrame(box, dataset, state, moment, () => parts.show(countPairs(dataset, state.frame)));
}
