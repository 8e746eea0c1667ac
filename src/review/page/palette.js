// SPDX-License-Identifier: Apache-2.0
// A class is told by colour and by shape, so that the page reads without colour. The colours are the animation's of
// the same theme, chosen to stay apart under the common kinds of colour blindness.

const isDark = matchMedia("(prefers-color-scheme: dark)");
const classColours = { light: [], dark: [] };

// Before anything is drawn; from then on `whenChanged` is called when the system's theme changes.
export function useColours(colours, whenChanged) {
  Object.assign(classColours, colours);
  const apply = () => coloursNow().forEach((colour, k) => document.documentElement.style.setProperty("--class-" + k, colour));
  apply();
  isDark.addEventListener("change", () => {
    apply();
    whenChanged();
  });
}

const coloursNow = () => (isDark.matches ? classColours.dark : classColours.light);

// SVG paths within -5..5, of about the same area.
const kShapes = [
  "M4 0A4 4 0 1 1-4 0A4 4 0 1 1 4 0Z", // circle
  "M-3.6-3.6H3.6V3.6H-3.6Z", // square
  "M0-5L5 0L0 5L-5 0Z", // diamond
  "M0-4.5L4.6 3.5H-4.6Z", // triangle up
  "M-1.6-4.6H1.6V-1.6H4.6V1.6H1.6V4.6H-1.6V1.6H-4.6V-1.6H-1.6Z", // cross
  "M-4.4-2.2L-2.2-4.4L0-2.2L2.2-4.4L4.4-2.2L2.2 0L4.4 2.2L2.2 4.4L0 2.2L-2.2 4.4L-4.4 2.2L-2.2 0Z", // x
  "M0 4.5L4.6-3.5H-4.6Z", // triangle down
  "M0-5L1.2-1.6L4.8-1.6L1.9 .6L3 4L0 1.9L-3 4L-1.9 .6L-4.8-1.6L-1.2-1.6Z", // star
  "M0-4.6L4.4-1.4L2.7 3.7H-2.7L-4.4-1.4Z", // pentagon
  "M0-4.6L4-2.3V2.3L0 4.6L-4 2.3V-2.3Z", // hexagon
];

// Of more classes than this some share a style.
const kMaxStyles = 200;

// The colour is that of the theme now.
export function styleOf(classIndex) {
  const colours = coloursNow();
  const c = classIndex % kMaxStyles;
  const path = kShapes[(c + Math.floor(c / colours.length)) % kShapes.length];
  return { colour: colours[c % colours.length], path };
}

// For CSS and SVG: follows the theme.
export const colourOf = (classIndex) => "var(--class-" + ((classIndex % kMaxStyles) % coloursNow().length) + ")";

const kSvg = "http://www.w3.org/2000/svg";

export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}

export function svgElement(name, attributes = {}) {
  const node = document.createElementNS(kSvg, name);
  setAttributes(node, attributes);
  return node;
}

// The class's mark as a small picture.
export function markOf(classIndex) {
  const svg = svgElement("svg", { viewBox: "-6 -6 12 12", class: "mark", "aria-hidden": "true" });
  svg.append(svgElement("path", { d: styleOf(classIndex).path, fill: colourOf(classIndex) }));
  return svg;
}

export const isDarkTheme = () => isDark.matches;
