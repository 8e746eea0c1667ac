// SPDX-License-Identifier: Apache-2.0
// Files that the page writes: CSV as RFC 4180 has it.
import { element } from "./dom.js";

// An apostrophe in front of a text that a table program would compute; --columns takes it off again. As csv.cpp has it.
const guarded = (text) => (/^'*[=+\-@\t\r]/.test(text) ? "'" + text : text);

function csvField(value) {
  const text = typeof value === "string" ? guarded(value) : String(value ?? "");
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

export const csvOf = (rows) => rows.map((row) => row.map(csvField).join(",") + "\r\n").join("");

// As the browser's download.
export function save(name, rows) {
  const address = URL.createObjectURL(new Blob([csvOf(rows)], { type: "text/csv;charset=utf-8" }));
  const link = element("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// What is known of the images at the checkpoint `frame`.
export function rowsOfSelection(dataset, fields, indices, frame) {
  const columns = fields.filter(({ key, kind }) => kind !== "doubt" && key !== "label" && key !== "prediction");
  // Counts, ranks, steps and a reader's own numbers as they are; what the page keeps in few bits has six digits at most.
  const valueOf = (field, i) => {
    const value = field.value(frame, i);
    if (field.categories) return field.categories[value];
    if (typeof value === "boolean") return value ? 1 : 0;
    if (!Number.isFinite(value)) return "";
    return field.isOwn || Number.isInteger(value) ? value : Number(value.toPrecision(6));
  };
  const guess = dataset.hasPredictions ? ["prediction"] : [];
  const head = ["index", "name", "label", ...guess, ...columns.map(({ key, title, isOwn }) => (isOwn ? title : key)), "step"];
  return [head, ...indices.map((i) => [i, dataset.name(i), dataset.className(dataset.label(i)),
    ...guess.map(() => dataset.className(dataset.prediction(frame, i))), ...columns.map((field) => valueOf(field, i)), dataset.meta.steps[frame]])];
}

// `relabel`: Map from an image to its new class.
export function rowsOfRelabelling(dataset, relabel) {
  const all = [...relabel].sort(([a], [b]) => a - b);
  return [["index", "name", "label", "new_label"], ...all.map(([i, c]) => [i, dataset.name(i), dataset.className(dataset.label(i)), dataset.className(c)])];
}
