// SPDX-License-Identifier: Apache-2.0
// One scatter view: the embedding at one checkpoint, and the pictures of its worst outliers.
import { element } from "./dom.js";
import { showsHover } from "./hover.js";
import { Overlay } from "./overlay.js";
import { styleOf } from "./palette.js";
import { select } from "./state.js";

function pointSize(dataset) {
  return Math.max(3, Math.min(8, 11 - 1.6 * Math.log10(dataset.size + 1)));
}

export class View {
  constructor(side, dataset, state) {
    Object.assign(this, { side, dataset, state, busy: false });
    this.plot = element("div", { className: "plot" });
    this.strip = element("div", { className: "strip", role: "group", "aria-label": "Worst outliers" });
    document.getElementById(side).append(this.#head(), this.plot, element("h3", { text: "Worst outliers here" }), this.strip);
    this.canvas = element("canvas", { className: "sketch" });
    this.plot.append(this.canvas);
    state.on([side], () => this.#drawStrip());
    state.on([side, "hidden"], () => (this.canvas ? this.#sketch() : this.#drawPoints()));
  }

  // Until Plotly is there: the points as it will show them, but as plain squares.
  #sketch() {
    const { canvas } = this;
    const density = window.devicePixelRatio || 1;
    const [width, height] = [this.plot.clientWidth, this.plot.clientHeight];
    Object.assign(canvas, { width: width * density, height: height * density });
    const pen = canvas.getContext("2d");
    pen.scale(density, density);
    pen.globalAlpha = 0.8;
    const { low, high } = this.dataset.meta.range;
    const scale = Math.min(width, height) / (high - low);
    const size = pointSize(this.dataset);
    const { x, y } = this.#coordinates();
    for (let i = 0; i < this.dataset.size; ++i) {
      pen.fillStyle = styleOf(this.dataset.label(i)).colour;
      pen.fillRect(width / 2 + (x[i] - (low + high) / 2) * scale - size / 2,
        height / 2 - (y[i] - (low + high) / 2) * scale - size / 2, size, size);
    }
  }

  async start() {
    const { frame, state } = this;
    const { hidden, selected } = state;
    await this.#newPlot("scattergl");
    // Asking first whether there is WebGL would take as long as drawing with it.
    if (this.plot.querySelector(".no-webgl")) await this.#newPlot("scatter");
    this.canvas.remove();
    this.canvas = null;
    this.overlay = new Overlay(this.dataset, state, this.plot);
    this.#listen();
    // Drawing the plot anew is what takes time; newPlot() has just done so.
    if (frame === this.frame && hidden === state.hidden) this.overlay.draw(frame);
    else this.#drawPoints();
    state.on(["selected"], () => this.#drawSelection(), { now: selected !== state.selected });
    state.on(["tool"], () => Plotly.relayout(this.plot, { dragmode: state.tool }), { now: false });
    state.on(["hovered", "active"], () => this.overlay.drawRing());
  }

  #newPlot(type) {
    Plotly.purge(this.plot);
    // As many pixels as the screen has; Plotly's own default is twice as many each way.
    const plotGlPixelRatio = Math.max(1, window.devicePixelRatio || 1); // it takes none below 1
    return Plotly.newPlot(this.plot, [this.#trace(type)], this.#layout(), { displayModeBar: false, scrollZoom: true, responsive: true, plotGlPixelRatio });
  }

  get frame() {
    return this.state[this.side];
  }

  #head() {
    const { steps, epochs } = this.dataset.meta;
    const choice = element("select", { "aria-label": "Checkpoint of the " + this.side + " view" });
    steps.forEach((step, t) => choice.append(element("option", { value: String(t), text: "step " + step + "  ·  epoch " + epochs[t].toFixed(2) })));
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

  // One trace for all images, in their order: with one for each class, the last class would cover the others.
  #trace(type) {
    const size = pointSize(this.dataset);
    const styles = Array.from({ length: this.dataset.size }, (_, i) => styleOf(this.dataset.label(i)));
    return {
      type,
      mode: "markers",
      hoverinfo: "none",
      ...this.#coordinates(),
      selectedpoints: this.#selectedPoints(),
      marker: { color: styles.map(({ colour }) => colour), symbol: styles.map(({ shape }) => shape), size, opacity: 0.8, line: { width: 0 } },
      selected: { marker: { opacity: 1, size: size + 2 } },
      unselected: { marker: { opacity: 0.18 } },
    };
  }

  #layout() {
    const { low, high } = this.dataset.meta.range;
    const axis = { range: [low, high], showgrid: false, zeroline: false, showticklabels: false, ticks: "" };
    return {
      xaxis: { ...axis },
      yaxis: { ...axis, scaleanchor: "x" },
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

  // The points of the shown frame; those of hidden classes are no numbers and so not drawn.
  #coordinates() {
    const x = new Float32Array(this.dataset.size);
    const y = new Float32Array(this.dataset.size);
    for (let i = 0; i < this.dataset.size; ++i) {
      x[i] = this.state.hidden.has(this.dataset.label(i)) ? NaN : this.dataset.x(this.frame, i);
      y[i] = this.dataset.y(this.frame, i);
    }
    return { x, y };
  }

  // While one frame is being drawn, later ones wait; of those only the last is drawn.
  async #drawPoints() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    do {
      this.again = false;
      const { x, y } = this.#coordinates();
      await Plotly.restyle(this.plot, { x: [x], y: [y] });
      this.overlay.draw(this.frame);
    } while (this.again);
    this.busy = false;
  }

  // Without a selection no point is faint.
  #selectedPoints() {
    return this.state.selected.size === 0 ? null : [...this.state.selected];
  }

  #drawSelection() {
    Plotly.restyle(this.plot, { selectedpoints: [this.#selectedPoints()] });
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
    plot.on("plotly_selected", (data) => {
      if (!data?.points || !data.lassoPoints) return;
      const drawn = data.points.map((point) => point.pointNumber).filter((i) => !state.hidden.has(this.dataset.label(i)));
      state.set({ selected: new Set(drawn), active: -1 });
    });
    plot.on("plotly_relayout", (change) => {
      this.overlay.draw(this.frame);
      this.onZoom?.(change);
    });
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
