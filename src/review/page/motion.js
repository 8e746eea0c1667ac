// SPDX-License-Identifier: Apache-2.0
// How points go from one checkpoint to the next: as in the animation, on cubic Hermite curves that do not swing beyond
// their checkpoints (src/render/tween.cpp).

// The slope where the steps before and after are `before` and `after`: their harmonic mean, 0 at a turning point.
const slope = (before, after) => (before * after > 0 ? (2 * before * after) / (before + after) : 0);

// A coordinate `t` of the way from checkpoint `at` to the next of `count`; `of` gives it at a checkpoint.
export function onCurve(of, at, count, t) {
  const from = of(at);
  if (t === 0 || at + 1 >= count) return from;
  const to = of(at + 1);
  const step = to - from;
  const before = at === 0 ? 0 : slope(from - of(at - 1), step);
  const after = at + 2 >= count ? 0 : slope(step, of(at + 2) - to);
  return from + step * t * t * (3 - 2 * t) + before * t * (1 - t) * (1 - t) - after * t * t * (1 - t);
}
