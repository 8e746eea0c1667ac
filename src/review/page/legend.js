// SPDX-License-Identifier: Apache-2.0
// One chip a class: shows its mark, hides and shows the class in every view and in the table.
import { byId, count, element } from "./dom.js";
import { markOf } from "./palette.js";

function sizesOf(dataset) {
  const sizes = new Array(dataset.meta.classNames.length).fill(0);
  for (let i = 0; i < dataset.size; ++i) ++sizes[dataset.label(i)];
  return sizes;
}

// A click hides or shows; a double click shows this class alone, and another all again. `before` is what was hidden
// before the click, or before the first of a double click, which has hidden or shown the class already.
function toggle(state, before, c, alone) {
  const hidden = new Set(before);
  if (alone) {
    const isAlone = !hidden.has(c) && hidden.size === state.numClasses - 1;
    hidden.clear();
    if (!isAlone) for (let other = 0; other < state.numClasses; ++other) if (other !== c) hidden.add(other);
  } else if (!hidden.delete(c)) {
    hidden.add(c);
  }
  state.set({ hidden });
}

export function createLegend(dataset, state) {
  const sizes = sizesOf(dataset);
  let before = state.hidden;
  const click = (event, c) => {
    if (event.detail < 2) before = state.hidden;
    toggle(state, before, c, event.detail > 1 || event.altKey);
  };
  const chips = dataset.meta.classNames.map((name, c) =>
    element("button", {
      type: "button",
      className: "chip",
      title: name + ", " + count(sizes[c]) + "\nClick: hide or show. Double click: this class alone.",
      onclick: (event) => click(event, c),
    }, markOf(c), element("span", { text: name, className: "chip-name" })));
  byId("legend").append(...chips);
  state.on(["hidden"], () => chips.forEach((chip, c) => chip.setAttribute("aria-pressed", String(!state.hidden.has(c)))));

  const choice = byId("class-select");
  choice.append(element("option", { value: "", text: "all" }));
  dataset.meta.classNames.forEach((name, c) => choice.append(element("option", { value: String(c), text: name })));
  choice.onchange = () => {
    const wanted = choice.value === "" ? null : Number(choice.value);
    state.set({ hidden: new Set(wanted === null ? [] : [...sizes.keys()].filter((c) => c !== wanted)) });
  };
  state.on(["hidden"], () => {
    const shown = [...sizes.keys()].filter((c) => !state.hidden.has(c));
    choice.value = shown.length === 1 && sizes.length > 1 ? String(shown[0]) : "";
  });
}
