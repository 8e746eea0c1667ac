// SPDX-License-Identifier: Apache-2.0
// Groups of images whose neighbours changed alike from the left view's checkpoint to the right one's, as Emblaze suggests
// them (Sivaraman, Wu and Perer 2022).
import { count, element, painted } from "./dom.js";
import { averageLinkage } from "./linkage.js";
import { markOf } from "./palette.js";
import { fillSelection } from "./state.js";

const kCuts = [0.3, 0.2, 0.1]; // mean similarities of clusters: distances of 0.7, 0.8, 0.9
const kMostGroups = 20;
const kTop = 10; // gained or lost neighbours that most have in common
const kMostCompared = 200; // members of a group that are compared with each other
const kManyImages = 3000; // above, images that share a single neighbour are not compared
const kGroupTiles = 6;

// What each image gained and lost, as sets; of those that changed.
export function changesBetween(dataset, from, to) {
  const changes = new Map();
  for (let i = 0; i < dataset.size; ++i) {
    const [before, after] = [dataset.neighbours(from, i), dataset.neighbours(to, i)];
    const gained = after.filter((j) => !before.includes(j));
    if (gained.length > 0) changes.set(i, { before, after, gained, lost: before.filter((j) => !after.includes(j)) });
  }
  return changes;
}

// Calls `action` for each later image with how many neighbours it shares of `kind`.
function shared(changes, kind) {
  const holders = new Map();
  for (const [i, change] of changes) for (const j of change[kind]) (holders.get(j) ?? holders.set(j, []).get(j)).push(i);
  return (i) => {
    const counts = new Map();
    for (const j of changes.get(i)[kind]) for (const other of holders.get(j)) if (other > i) counts.set(other, (counts.get(other) ?? 0) + 1);
    return counts;
  };
}

// Half the Jaccard similarity of what two images gained and half that of what they lost, where it is not 0.
export function similarPairs(changes, leastShared) {
  const [sharedGains, sharedLosses] = ["gained", "lost"].map((kind) => shared(changes, kind));
  const pairs = [];
  for (const a of changes.keys()) {
    const [gains, losses] = [sharedGains(a), sharedLosses(a)];
    for (const b of new Set([...gains.keys(), ...losses.keys()])) {
      const [g, l] = [gains.get(b) ?? 0, losses.get(b) ?? 0];
      if (g + l < leastShared) continue;
      const jaccard = (number, kind) => number / (changes.get(a)[kind].length + changes.get(b)[kind].length - number);
      pairs.push({ a, b, similarity: (jaccard(g, "gained") + jaccard(l, "lost")) / 2 });
    }
  }
  return pairs;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

// The mean share of the group that gained, or lost, each of the ten outside it that most did.
function commonShare(group, changes, kind) {
  const members = new Set(group);
  const counts = new Map();
  for (const i of group) for (const j of changes.get(i)[kind]) if (!members.has(j)) counts.set(j, (counts.get(j) ?? 0) + 1);
  return mean([...counts.values()].sort((a, b) => b - a).slice(0, kTop).map((number) => number / group.length));
}

export function scoreOf(group, changes) {
  const members = new Set(group);
  const compared = group.slice(0, kMostCompared).map((i) => new Set(changes.get(i).before));
  const alike = compared.flatMap((a, k) => compared.slice(k + 1).map((b) => {
    const both = [...a].filter((j) => b.has(j)).length;
    return both / (a.size + b.size - both);
  }));
  const inner = mean(group.map((i) => {
    const { before, after } = changes.get(i);
    return 1 / (1 + after.filter((j) => members.has(j) && before.includes(j)).length);
  }));
  return (mean(alike) + inner + commonShare(group, changes, "gained") + commonShare(group, changes, "lost")) * Math.log(group.length);
}

// The best first; no image is in two.
export function findGroups(dataset, from, to) {
  const changes = changesBetween(dataset, from, to);
  const clusters = averageLinkage(similarPairs(changes, dataset.size > kManyImages ? 2 : 1), kCuts).flat();
  const groups = clusters.filter((group) => group.length >= Math.max(2, Math.log10(dataset.size)))
    .map((group) => ({ group, score: scoreOf(group, changes) })).sort((a, b) => b.score - a.score);
  const taken = new Set();
  const chosen = [];
  for (const { group } of groups) {
    if (chosen.length === kMostGroups) break;
    if (group.some((i) => taken.has(i))) continue;
    group.forEach((i) => taken.add(i));
    chosen.push(group);
  }
  return chosen;
}

// The class that most of the group have, and how many.
function commonLabel(dataset, group) {
  const counts = new Map();
  for (const i of group) counts.set(dataset.label(i), (counts.get(dataset.label(i)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0];
}

function groupButton(dataset, state, group) {
  const [label, number] = commonLabel(dataset, group);
  const words = count(group.length) + " images, " + (number === group.length ? "all " : count(number) + " ") + dataset.className(label);
  return element("button", { type: "button", className: "group", "aria-label": words, onclick: () => fillSelection(state, group) },
    element("span", { className: "group-words" }, markOf(label), words),
    ...group.slice(0, kGroupTiles).map((i) => dataset.picture(i, 32)));
}

export function fillGroups(box, dataset, state) {
  const find = element("button", { type: "button", id: "find-groups" });
  const list = element("div", { className: "groups", role: "group", "aria-label": "Groups" });
  const status = element("p", { className: "soft", role: "status" });
  box.append(element("p", { className: "soft", text: "Images that lost and gained the same neighbours in the embedding." }), find, status, list);
  const frames = () => [dataset.neighbourFrame(state.left), dataset.neighbourFrame(state.right)];
  find.onclick = async () => {
    status.textContent = "Looking …";
    await painted();
    const groups = findGroups(dataset, ...frames());
    list.replaceChildren(...groups.map((group) => groupButton(dataset, state, group)));
    status.textContent = groups.length === 0 ? "None: no images changed alike." : "Click a group to select it.";
  };
  state.on(["left", "right"], () => {
    const [from, to] = frames().map((frame) => count(dataset.meta.steps[frame]));
    find.textContent = from === to ? "Choose two checkpoints" : "Find from step " + from + " to step " + to;
    find.disabled = from === to;
    list.replaceChildren();
    status.textContent = "";
  });
}
