// SPDX-License-Identifier: Apache-2.0
// Rectangles in pixels; y grows downwards.
#pragma once

namespace zoetrope::render {

struct Rect {
  double x = 0;
  double y = 0;
  double w = 0;
  double h = 0;

  double right() const { return x + w; }
  double bottom() const { return y + h; }
  double centre_x() const { return x + w / 2; }
  double centre_y() const { return y + h / 2; }
  bool empty() const { return w <= 0 || h <= 0; }
  Rect inset(double by) const { return {x + by, y + by, w - 2 * by, h - 2 * by}; }
};

}  // namespace zoetrope::render
