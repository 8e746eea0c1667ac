// SPDX-License-Identifier: Apache-2.0
// One scatter view: the embedding at one checkpoint, and the pictures of its worst outliers.
import { element } from "./dom.js";
import { showsHover } from "./hover.js";
import { Overlay } from "./overlay.js";
import { Points } from "./points.js";
import { select } from "./state.js";

export class View {
  constructor(side, dataset, state) {
    Object.assign(this, { side, dataset, state, busy: false });
    this.plot = element("div", { className: "plot" });
    this.strip = element("div", { className: "strip", role: "group", "aria-label": "Worst outliers" });
    document.getElementById(side).append(this.#head(), this.plot, element("h3", { text: "Worst outliers here" }), this.strip);
    this.points = new Points(dataset, state, this.plot);
    state.on([side], () => this.#drawStrip());
    state.on(["theme"], () => this.points.useTheme(), { now: false });
    state.on([side, "hidden", "selected", "theme"], () => this.points.draw(this.frame));
  }

  // Until then the points are there to look at.
  async start() {
    const { frame, state } = this;
    const { hidden } = state;
    await Plotly.newPlot(this.plot, [this.#trace()], this.#layout(), { displayModeBar: false, scrollZoom: true, responsive: true });
    this.overlay = new Overlay(this.dataset, state, this.plot);
    this.#listen();
    this.overlay.draw(this.frame);
    state.on([this.side, "hidden"], () => this.#movePoints(), { now: frame !== this.frame || hidden !== state.hidden });
    state.on(["selected"], () => this.#clearOutline());
    state.on(["tool"], () => Plotly.relayout(this.plot, { dragmode: state.tool }), { now: false });
    state.on(["hovered", "active"], () => this.overlay.drawRing());
  }

  get frame() {
    return this.state[this.side];
  }

  #head() {
    const choice = element("select", { "aria-label": "Checkpoint of the " + this.side + " view" });
    this.dataset.meta.steps.forEach((_, t) => choice.append(element("option", { value: String(t), text: this.dataset.shortMoment(t) })));
    choice.onchange = () => this.state.set({ [this.side]: Number(choice.value) });
    const pin = element("button", { type: "button", text: "Pin", title: "Keep this view here while the slider moves" });
    pin.onclick = () => this.state.set({ pinned: this.state.pinned === this.side ? "" : this.side });
    const facts = element("span", { className: "soft facts" });
    this.state.on([this.side], () => {
      choice.value = String(this.frame);
      facts.textContent = "explained variance " + (100 * this.dataset.meta.explained[this.frame]).toFixed(0) + " %";
    });
    this.state.on(["pinned"], () => pin.setAttribute("aria-pressed", String(this.state.pinned === this.side)));
    return element("div", { className: "view-head" }, choice, pin, facts);
  }

  // By this Plotly knows what lies under the pointer and in a lasso. None of it is seen: points.js paints.
  #trace() {
    return { type: "scatter", mode: "markers", hoverinfo: "none", ...this.#coordinates(), marker: { opacity: 0, maxdisplayed: 1 } };
  }

  #layout() {
    const { low, high } = this.dataset.meta.range;
    // An array for each axis: Plotly changes it in its place.
    const axis = () => ({ range: [low, high], showgrid: false, zeroline: false, showticklabels: false, ticks: "" });
    return {
      xaxis: axis(),
      yaxis: { ...axis(), scaleanchor: "x" },
      margin: { l: 0, r: 0, t: 0, b: 0 },
      showlegend: false,
      hovermode: "closest",
      hoverdistance: 12,
      dragmode: this.state.tool,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      newselection: { line: { color: "#2a5db0", width: 1.5 } },
    };
  }

  // The points of the shown frame; those of hidden classes are no numbers and so not found.
  #coordinates() {
    const x = new Float32Array(this.dataset.size);
    const y = new Float32Array(this.dataset.size);
    for (let i = 0; i < this.dataset.size; ++i) {
      x[i] = this.state.hidden.has(this.dataset.label(i)) ? NaN : this.dataset.x(this.frame, i);
      y[i] = this.dataset.y(this.frame, i);
    }
    return { x, y };
  }

  // While Plotly takes one frame in, later ones wait; of those it is given only the last.
  async #movePoints() {
    this.overlay.draw(this.frame);
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    do {
      this.again = false;
      const { x, y } = this.#coordinates();
      await Plotly.restyle(this.plot, { x: [x], y: [y] });
    } while (this.again);
    this.busy = false;
  }

  // Of the lasso, once what it surrounds is selected.
  #clearOutline() {
    if (this.plot.layout.selections?.length) Plotly.relayout(this.plot, { selections: [] });
  }

  #drawStrip() {
    this.strip.replaceChildren(...this.dataset.outliers(this.frame).map((i, k) => {
      const tile = element("button", { type: "button", className: "tile", "aria-label": "Outlier " + (k + 1) + ", image " + i },
        element("span", { text: String(k + 1), className: "rank" }), this.dataset.picture(i, 48));
      tile.onclick = (event) => select(this.state, i, event.ctrlKey || event.metaKey || event.shiftKey);
      showsHover(tile, this.state, i, () => this.frame);
      return tile;
    }));
  }

  #listen() {
    const { plot, state } = this;
    plot.on("plotly_hover", ({ points, event }) =>
      state.set({ hovered: { index: points[0].pointNumber, frame: this.frame, x: event.clientX, y: event.clientY } }));
    plot.on("plotly_unhover", () => state.set({ hovered: null }));
    plot.on("plotly_click", ({ points, event }) => select(state, points[0].pointNumber, event.ctrlKey || event.metaKey || event.shiftKey));
    plot.on("plotly_selecting", (data) => this.points.draw(this.frame, this.#surrounded(data) ?? state.selected));
    plot.on("plotly_selected", (data) => {
      const selected = this.#surrounded(data);
      if (selected) state.set({ selected, active: -1 });
      else this.points.draw(this.frame);
    });
    plot.on("plotly_relayouting", () => this.points.draw(this.frame));
    plot.on("plotly_relayout", (change) => {
      this.points.draw(this.frame);
      this.overlay.draw(this.frame);
      this.onZoom?.(change);
    });
  }

  // The images within a lasso; null where there is no lasso.
  #surrounded(data) {
    if (!data?.points || !data.lassoPoints) return null;
    return new Set(data.points.map((point) => point.pointNumber).filter((i) => !this.state.hidden.has(this.dataset.label(i))));
  }

  // Shows the same part of the plane as another view that was zoomed.
  follow(change) {
    const wanted = Object.fromEntries(Object.entries(change).filter(([key]) => /^[xy]axis\.(range|autorange)/.test(key)));
    if (Object.keys(wanted).length === 0) return;
    const handler = this.onZoom;
    this.onZoom = null;
    Plotly.relayout(this.plot, wanted).then(() => (this.onZoom = handler));
  }
}
