// SPDX-License-Identifier: Apache-2.0
// Elements from JavaScript. Text is only ever set as text: names in a data set are anyone's.

export const byId = (id) => document.getElementById(id);

// element("button", {type: "button", text: "Go", onclick: f}, child, ...)
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "text") node.textContent = value;
    else if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

export const number = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "–");
// 10000 as 10,000; Intl would take 20 ms to get ready.
export const count = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
// Outlier scores span many orders of magnitude.
export const scoreText = (value) => (value > 0 && value < 0.001 ? value.toExponential(1) : number(value, 4));
// When what was drawn until now is on the screen; at once where nobody sees the page.
export const painted = () => new Promise((resolve) =>
  document.hidden ? resolve() : requestAnimationFrame(() => setTimeout(resolve)));
