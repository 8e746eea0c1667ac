// SPDX-License-Identifier: Apache-2.0
// One scatter view: the embedding at one checkpoint, and the pictures of its worst outliers.
import { element, number } from "./dom.js";
import { kHidden, kShown } from "./filter.js";
import { showsHover } from "./hover.js";
import { Lines } from "./lines.js";
import { Overlay } from "./overlay.js";
import { Plane, isWithin } from "./plane.js";
import { Points } from "./points.js";
import { Regions } from "./regions.js";
import { addsTo, fillSelection, select } from "./state.js";
import { TrainingMarks } from "./training.js";

const kReach = 12; // pixels from the pointer in which a point is meant

// Calls `action` once for all that asks for it until then.
function once(action) {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    queueMicrotask(() => {
      isWaiting = false;
      action();
    });
  };
}

export class View {
  // `colouring`: see colour.js.
  constructor(side, dataset, state, colouring) {
    Object.assign(this, { side, dataset, state, colouring });
    this.plot = element("div", { className: "plot" });
    this.strip = element("div", { className: "strip", role: "group", "aria-label": "Worst outliers" });
    document.getElementById(side).append(this.#head(), element("div", { className: "view-body" }, this.plot, this.strip));
    Object.assign(this, { places: new Float32Array(2 * dataset.size), pixels: new Float32Array(2 * dataset.size), colours: new Uint8Array(3 * dataset.size) });
    this.regions = new Regions(dataset, state, this.plot);
    this.points = new Points(dataset, this.plot);
    this.plane = new Plane(this.plot, dataset.range, this.#listener());
    this.plot.view = this; // for who looks from outside
    this.training = new TrainingMarks(dataset, state, this.plot, this.plane);
    this.lines = new Lines(dataset, state, this.plot, this.plane);
    this.overlay = new Overlay(dataset, state, this.plot, this.plane);
    this.#listen();
  }

  get frame() {
    return this.state[this.side];
  }
  get isPinned() {
    return this.state.pinned === this.side;
  }

  #head() {
    const choice = element("select", { "aria-label": "Checkpoint of the " + this.side + " view" });
    this.dataset.meta.steps.forEach((_, t) => choice.append(element("option", { value: String(t), text: this.dataset.shortMoment(t) })));
    choice.onchange = () => this.state.set({ [this.side]: Number(choice.value) });
    const pin = element("button", { type: "button", text: "Pin", title: "Keep this view here while the slider moves" });
    pin.onclick = () => this.state.set({ pinned: this.isPinned ? "" : this.side });
    const facts = element("span", { className: "soft facts" });
    this.state.on([this.side], () => {
      choice.value = String(this.frame);
      facts.textContent = this.#facts();
    });
    this.state.on(["pinned"], () => pin.setAttribute("aria-pressed", String(this.isPinned)));
    return element("div", { className: "view-head" }, choice, pin, facts);
  }

  #facts() {
    const { meta } = this.dataset;
    const trust = meta.curves.find(({ name }) => name === "trustworthiness")?.values[this.frame];
    return "explained variance " + (100 * meta.explained[this.frame]).toFixed(0) + " %" + (Number.isFinite(trust) ? ", trust " + number(trust, 2) : "");
  }

  #listen() {
    const { side, state } = this;
    const draw = once(() => this.draw());
    state.on([side], () => this.#drawStrip());
    state.on([side, "theme", "colour", "reversed"], () => this.colouring.paint(this.frame, this.colours));
    state.on([side, "mask", "selected", "theme", "colour", "reversed", "trails", "active", "training", "regions"], draw, { now: false });
    state.on(["aligned"], () => {
      this.plane.setRange(this.dataset.range);
      draw();
    }, { now: false });
    state.on(["between"], () => this.isPinned || this.#drawOnTheWay(), { now: false });
    state.on(["hovered", "active"], () => this.overlay.drawRing(), { now: false });
    state.on(["tool"], () => {
      this.plane.tool = state.tool;
      this.plot.dataset.tool = state.tool;
    });
    // Called at once for the size that there is.
    new ResizeObserver(() => {
      this.plane.measure();
      this.draw();
    }).observe(this.plot);
    this.draw();
  }

  draw(selected = this.state.selected) {
    this.#place(this.isPinned ? 0 : this.state.between);
    this.#paint(selected);
    this.training.draw(this.frame, this.isPinned ? 0 : this.state.between);
    this.overlay.draw(this.frame, this.places);
  }
  #drawOnTheWay() {
    this.#place(this.state.between);
    this.#paint(this.state.selected);
    this.training.draw(this.frame, this.state.between);
    this.overlay.drawOnTheWay(this.places);
  }

  // Finds where the points are, `share` of the way to the next checkpoint.
  #place(share) {
    const { places, pixels, plane } = this;
    this.dataset.placesAt(this.frame, share, places);
    const { scale } = plane;
    const [left, top] = [plane.left(0), plane.top(0)];
    for (let k = 0; k < places.length; k += 2) {
      pixels[k] = left + scale * places[k];
      pixels[k + 1] = top - scale * places[k + 1];
    }
  }
  #paint(selected) {
    this.regions.draw(this.plane, this.frame, this.isPinned ? 0 : this.state.between);
    this.points.draw({ places: this.pixels, colours: this.colours, mask: this.state.mask, selected });
    this.lines.draw(this.frame, this.places);
  }

  #drawStrip() {
    this.strip.replaceChildren(...this.dataset.outliers(this.frame).map((i, k) => {
      const tile = element("button", { type: "button", className: "tile", "aria-label": "Outlier " + (k + 1) + ", image " + i },
        element("span", { text: String(k + 1), className: "rank" }), this.dataset.picture(i, 36));
      tile.onclick = (event) => select(this.state, i, addsTo(event));
      showsHover(tile, this.state, i, () => this.frame);
      return tile;
    }));
  }

  #listener() {
    const { state } = this;
    return {
      hover: (place, event) => {
        const index = this.#nearest(place);
        const training = index < 0 ? this.training.nearest(place) : -1;
        const { hovered } = state;
        const isSame = hovered?.index === index && hovered.training === training && hovered.side === this.side;
        const at = { index, training, frame: this.frame, side: this.side, x: event.clientX, y: event.clientY };
        if (!isSame) state.set({ hovered: index < 0 && training < 0 ? null : at });
      },
      leave: () => state.set({ hovered: null }),
      click: (place, event) => {
        const index = this.#nearest(place);
        if (index >= 0) select(state, index, addsTo(event));
      },
      lasso: (path, isDone) => this.#lasso(path, isDone),
      change: (isTold) => {
        this.draw();
        if (isTold) this.onZoom?.(this.plane.shown);
      },
    };
  }

  // The image whose point is at the place, -1 where none is.
  #nearest({ x, y }) {
    const { pixels, state } = this;
    let best = -1;
    let reach = kReach * kReach;
    for (let i = 0; i < this.dataset.size; ++i) {
      if (state.mask[i] !== kShown && !(state.mask[i] !== kHidden && state.selected.has(i))) continue;
      const distance = (pixels[2 * i] - x) ** 2 + (pixels[2 * i + 1] - y) ** 2;
      if (distance <= reach) [best, reach] = [i, distance];
    }
    return best;
  }

  // Shows what would be selected while the lasso is drawn; without a path it was given up.
  #lasso(path, isDone) {
    this.lines.path = isDone ? null : path;
    if (!path) return this.draw();
    const { pixels } = this;
    const within = new Set();
    for (let i = 0; i < this.dataset.size; ++i) {
      if (this.state.mask[i] === kShown && isWithin(path, pixels[2 * i], pixels[2 * i + 1])) within.add(i);
    }
    if (isDone) fillSelection(this.state, within);
    if (isDone && within.size > 0) return;
    this.#paint(isDone ? this.state.selected : within);
  }

  // Shows the same part of the plane as another view that was moved.
  follow(shown) {
    this.plane.show(shown);
  }
}
