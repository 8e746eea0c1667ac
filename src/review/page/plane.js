// SPDX-License-Identifier: Apache-2.0
// The plane that a view's points lie in: which part of it is shown, and what the pointer does there. It moves and zooms
// the plane itself, and tells `listener` what was pointed at: hover(place), leave(), click(place, event), lasso(path,
// isDone), change(). Places and paths are in pixels from the left top corner of `plot`.

const kClickPixels = 4; // what the pointer may move in a click
const kZoomOfWheel = 0.0015; // by a pixel that was scrolled, in powers of e
const kMostZoom = 200;
const kWheelLine = 16; // pixels, of wheels that count lines

const distanceOf = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);
const middleBetween = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

export class Plane {
  // `range`: {low, high} of both axes, all of which is shown at first.
  constructor(plot, range, listener) {
    Object.assign(this, { plot, range, listener, tool: "lasso", pointers: new Map(), path: null });
    this.measure();
    this.reset(false);
    this.#listen();
  }

  // Takes the size that the element has now.
  measure() {
    Object.assign(this, { width: Math.max(1, this.plot.clientWidth), height: Math.max(1, this.plot.clientHeight) });
  }

  // Pixels for a unit of the plane.
  get scale() {
    return (Math.min(this.width, this.height) * this.zoom) / (this.range.high - this.range.low);
  }
  left(x) {
    return this.width / 2 + (x - this.centre.x) * this.scale;
  }
  top(y) {
    return this.height / 2 - (y - this.centre.y) * this.scale;
  }

  // What is shown: {x, y, zoom}, as show() takes it.
  get shown() {
    return { ...this.centre, zoom: this.zoom };
  }
  show({ x, y, zoom }, isTold = false) {
    Object.assign(this, { centre: { x, y }, zoom: Math.max(1, Math.min(kMostZoom, zoom)) });
    this.listener.change(isTold);
  }
  reset(isTold = true) {
    const middle = (this.range.low + this.range.high) / 2;
    Object.assign(this, { centre: { x: middle, y: middle }, zoom: 1 });
    if (isTold) this.listener.change(true);
  }

  // Another range of which all is shown at first: where all is shown now, of that; else the same part stays.
  setRange(range) {
    const growth = (range.high - range.low) / (this.range.high - this.range.low);
    const isWhole = this.zoom === 1;
    this.range = range;
    if (isWhole) this.reset(false);
    else this.show({ ...this.centre, zoom: this.zoom * growth });
  }

  // `place` stays where it is.
  zoomBy(factor, place = { x: this.width / 2, y: this.height / 2 }) {
    const zoom = Math.max(1, Math.min(kMostZoom, this.zoom * factor));
    const share = 1 - this.zoom / zoom;
    const x = this.centre.x + ((place.x - this.width / 2) / this.scale) * share;
    const y = this.centre.y - ((place.y - this.height / 2) / this.scale) * share;
    this.show({ x, y, zoom }, true);
  }
  moveBy(right, down) {
    this.show({ x: this.centre.x - right / this.scale, y: this.centre.y + down / this.scale, zoom: this.zoom }, true);
  }

  #placeOf(event) {
    const box = this.plot.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #listen() {
    const { plot } = this;
    plot.addEventListener("pointerdown", (event) => this.#press(event));
    plot.addEventListener("pointermove", (event) => this.#move(event));
    plot.addEventListener("pointerup", (event) => this.#release(event));
    plot.addEventListener("pointercancel", (event) => this.#cancel(event));
    plot.addEventListener("pointerleave", () => this.pointers.size === 0 && this.listener.leave());
    plot.addEventListener("dblclick", () => this.reset());
    plot.addEventListener("wheel", (event) => {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === 1 ? kWheelLine : 1);
      this.zoomBy(Math.exp(-kZoomOfWheel * pixels), this.#placeOf(event));
    }, { passive: false });
  }

  #press(event) {
    if (event.button !== 0) return;
    this.plot.setPointerCapture(event.pointerId);
    this.listener.leave(); // nothing lies over what is drawn or moved
    const place = this.#placeOf(event);
    this.pointers.set(event.pointerId, place);
    this.begun = this.pointers.size === 1 ? place : null; // two fingers are neither click nor lasso
    if (this.path && !this.begun) this.listener.lasso(null, true);
    this.path = this.begun && this.tool === "lasso" ? [place] : null;
  }

  #move(event) {
    const place = this.#placeOf(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.listener.hover(place, event);
    const all = [...this.pointers.values()];
    this.pointers.set(event.pointerId, place);
    if (this.pointers.size === 2) return this.#pinch(all, [...this.pointers.values()]);
    if (this.path) {
      this.path.push(place);
      if (!this.#isClick(place)) this.listener.lasso(this.path, false);
    } else if (this.begun && this.tool === "pan") {
      this.moveBy(place.x - before.x, place.y - before.y);
    }
  }

  #pinch(before, now) {
    const [from, to] = [middleBetween(before), middleBetween(now)];
    this.moveBy(to.x - from.x, to.y - from.y);
    this.zoomBy(distanceOf(now) / Math.max(1, distanceOf(before)), to);
  }

  #isClick(place) {
    const path = this.path ?? [this.begun, place];
    return path.every((other) => distanceOf([this.begun, other]) < kClickPixels);
  }

  #release(event) {
    if (!this.pointers.has(event.pointerId)) return;
    const place = this.#placeOf(event);
    if (this.begun && this.#isClick(place)) this.listener.click(place, event);
    else if (this.path) this.listener.lasso(this.path, true);
    this.#forget(event);
  }
  // The browser took the pointer for something else: what was drawn until then selects nothing.
  #cancel(event) {
    if (this.path) this.listener.lasso(null, true);
    this.#forget(event);
  }
  #forget(event) {
    this.pointers.delete(event.pointerId);
    this.path = null;
    this.begun = null;
  }
}

// Whether (x, y) is within the closed `path`.
export function isWithin(path, x, y) {
  let inside = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [a, b] = [path[i], path[j]];
    if (a.y > y !== b.y > y && x < a.x + ((b.x - a.x) * (y - a.y)) / (b.y - a.y)) inside = !inside;
  }
  return inside;
}
