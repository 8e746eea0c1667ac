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

// The horizontal axis of the curves: from 0 to the last frame's epoch, and in words from "0" to `end`
// `unit`s.
struct TimeAxis {
  double last_epoch = 1;
  std::string unit = "epoch";
  std::string end = "1";
};
// Counted in steps where the training is shorter than an epoch, 0.096 of which tells nobody anything, and
// where epochs are not known: there a CurvePoint's is its step.
TimeAxis time_axis(double last_epoch, std::int64_t last_step, bool has_epochs = true);

struct CurveStyle {
  std::vector<std::string> names;  // the longest first: the first that fits is shown, or the last
  Colour colour;
  Notation notation = Notation::kPlain;
};

class CurvePanel {
 public:
  CurvePanel(const Rect& box, double unit, double body, const CurveStyle& style, const ThemeColours& theme,
             const std::vector<CurvePoint>& points, TimeAxis time);

  void draw_axes(Canvas& canvas, const Typesetter& text) const;
  // The curve up to `step`, with the number that was logged last. Its head is always at `epoch`: on the way
  // to the next point, or, where none was logged any more, at the end of a faint line that keeps the last
  // value.
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
  // Where the curve ends now: at `last` or between it and the next point.
  CurvePoint head_after(std::vector<CurvePoint>::const_iterator last, double epoch) const;
  void stroke(Canvas& canvas, double opacity) const;

  double unit_;
  double body_;
  CurveStyle style_;
  ThemeColours theme_;
  Rect heading_;
  Rect plot_;
  TimeAxis time_;
  ValueAxis axis_;
  std::vector<CurvePoint> points_;  // those with a value, by step
  std::vector<Vertex> vertices_;
};

}  // namespace zoetrope::render
