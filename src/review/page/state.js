// SPDX-License-Identifier: Apache-2.0
// What the page shows, in one place. Every part listens to the keys that concern it.

export function createState(values) {
  const listeners = [];
  return {
    ...values,
    // Changes some keys and tells who listens to one that really changed.
    set(changes) {
      const changed = Object.keys(changes).filter((key) => this[key] !== changes[key]);
      for (const key of changed) this[key] = changes[key];
      if (changed.length === 0) return;
      for (const { keys, action } of listeners) if (keys.some((key) => changed.includes(key))) action();
    },
    // Calls `action` whenever one of `keys` changes, and now, unless all it would do now is done already.
    on(keys, action, { now = true } = {}) {
      listeners.push({ keys, action });
      if (now) action();
    },
  };
}

// Moves the slider, and with it both views save those that are pinned.
export function goTo(state, frame, frames) {
  const target = Math.max(0, Math.min(frames - 1, frame));
  state.set({
    between: 0,
    frame: target,
    left: state.pinned === "left" ? state.left : target,
    right: state.pinned === "right" ? state.right : target,
  });
}

export function compareFirstAndLast(state, frames) {
  state.set({ playing: false, between: 0, frame: frames - 1, left: 0, right: frames - 1, pinned: "left" });
}

// Whether a click or Enter puts an image to the selection.
export const addsTo = (event) => event.ctrlKey || event.metaKey || event.shiftKey;

// A click or Enter: the image alone; with `add` it is put to the selection or taken out.
export function select(state, index, add) {
  const selected = new Set(add ? state.selected : []);
  if (add && selected.has(index)) selected.delete(index);
  else if (!add && state.selected.size === 1 && state.selected.has(index)) selected.clear();
  else selected.add(index);
  // Of an emptied selection a table would show no row.
  state.set({ selected, active: index, onlySelection: state.onlySelection && selected.size > 0 });
}

// Turns all checkpoints onto the slider's by what is selected, or shows them as analysed again.
export function toggleAlignment(state) {
  if (state.aligned) state.set({ aligned: null });
  else if (state.selected.size > 0) state.set({ aligned: { images: [...state.selected], frame: state.frame } });
}

// A lasso, a cell, a group: the images alone, which then fill the table. None: nothing is selected.
export function fillSelection(state, indices, add = false) {
  const selected = new Set([...(add ? state.selected : []), ...indices]);
  state.set({ selected, active: -1, onlySelection: selected.size > 0 });
}

export function clearSelection(state) {
  state.set({ selected: new Set(), active: -1, onlySelection: false });
}

// The one image that is looked at; -1 where there are several or none.
export function subjectOf(state) {
  if (state.active >= 0) return state.active;
  return state.selected.size === 1 ? [...state.selected][0] : -1;
}
