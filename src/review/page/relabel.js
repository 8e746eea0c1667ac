// SPDX-License-Identifier: Apache-2.0
// Images whose label is wrong, with the right one: state.relabel, a Map from image to class. The address holds it.
import { count, element } from "./dom.js";
import { rowsOfRelabelling, save } from "./save.js";

const kAsPredicted = "predicted";

function choiceOf(dataset) {
  const choice = element("select", { "aria-label": "The right label of the selected images" });
  if (dataset.hasPredictions) choice.append(element("option", { value: kAsPredicted, text: "as predicted" }));
  dataset.meta.classNames.forEach((name, c) => choice.append(element("option", { value: String(c), text: name })));
  return choice;
}

// Each selected image with its new class; those that have it as their label already are taken off the list.
function marked(dataset, state, choice) {
  const relabel = new Map(state.relabel);
  for (const i of state.selected) {
    const c = choice === kAsPredicted ? dataset.prediction(state.frame, i) : Number(choice);
    if (c === dataset.label(i)) relabel.delete(i);
    else relabel.set(i, c);
  }
  return relabel;
}

// A button's word, with the number of images that it changes where that is not one.
const wordFor = (word, number) => (number === 1 ? word : word + " " + count(number));

// The controls, for the selection's panel.
export function relabelTools(dataset, state) {
  const choice = choiceOf(dataset);
  const mark = element("button", { type: "button", id: "mark", title: "Put the selected images on the list of labels to change, with this label" });
  mark.onclick = () => state.set({ relabel: marked(dataset, state, choice.value) });
  const saves = element("button", { type: "button", id: "save-relabel", title: "index, name, label and new_label as CSV" });
  saves.onclick = () => save("relabel.csv", rowsOfRelabelling(dataset, state.relabel));
  const clear = element("button", { type: "button", id: "unmark", title: "Take the selected images off the list" });
  clear.onclick = () => state.set({ relabel: new Map([...state.relabel].filter(([i]) => !state.selected.has(i))) });
  const label = element("label", {}, "right label ", choice);
  state.on(["selected", "relabel"], () => {
    label.hidden = mark.hidden = state.selected.size === 0;
    mark.textContent = wordFor("Mark", state.selected.size);
    const listed = [...state.selected].filter((i) => state.relabel.has(i)).length;
    clear.hidden = listed === 0;
    clear.textContent = wordFor("Unmark", listed);
    saves.hidden = state.relabel.size === 0;
    saves.textContent = "Save list (" + count(state.relabel.size) + ")";
  });
  return element("div", { className: "tools relabel" }, label, mark, clear, saves);
}
