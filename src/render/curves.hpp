// SPDX-License-Identifier: Apache-2.0
// A training curve drawn up to now, with the whole axis in view from the start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "canvas.hpp"
#include "geometry.hpp"
#include "numbers.hpp"
#include "text.hpp"

namespace zoetrope::render {

// From 0 up to a little above the greatest value.
struct ValueAxis {
  double greatest = 1;
  std::vector<double> ticks;
};
// Ticks are 1, 2 or 5 times a power of ten apart, at most `most_ticks` of them above 0. Holds every finite
// value that is not negative.
ValueAxis value_axis(const std::vector<CurvePoint>& points, std::size_t most_ticks);

struct CurveStyle {
  std::string name;
  std::string short_name;  // where there is little room
  Colour colour;
  Notation notation = Notation::kPlain;
};

class CurvePanel {
 public:
  // `last_epoch` is the right end of the axis.
  CurvePanel(const Rect& box, double unit, double body, const CurveStyle& style, const ThemeColours& theme,
             const std::vector<CurvePoint>& points, double last_epoch);

  void draw_axes(Canvas& canvas, const Typesetter& text) const;
  // The curve up to `step`, with the number that was logged last; its head moves on towards the next point,
  // up to `epoch`.
  void draw_curve(Canvas& canvas, const Typesetter& text, std::int64_t step, double epoch) const;

 private:
  struct Vertex {
    double x, y;
    double value;
    std::int64_t step;
  };
  double x(double epoch) const;
  double y(double value) const;
  // Of a long log, the extremes within every pixel: what would be seen.
  std::vector<Vertex> thin_out() const;
  // The last point up to `step`; points_.end() before the first.
  std::vector<CurvePoint>::const_iterator last_point(std::int64_t step) const;
  // Where the curve ends now, at `last` or after it.
  CurvePoint head_after(std::vector<CurvePoint>::const_iterator last, double epoch) const;

  double unit_;
  double body_;
  CurveStyle style_;
  ThemeColours theme_;
  Rect heading_;
  Rect plot_;
  double last_epoch_;
  ValueAxis axis_;
  std::vector<CurvePoint> points_;  // those with a value, by step
  std::vector<Vertex> vertices_;
};

}  // namespace zoetrope::render
