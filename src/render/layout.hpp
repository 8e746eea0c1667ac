// SPDX-License-Identifier: Apache-2.0
// Where everything stands in a frame: rectangles that never overlap and stay inside, at any size.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "geometry.hpp"

namespace zoetrope::render {

struct LayoutRequest {
  int width = 1920;
  int height = 1080;
  bool has_subtitle = true;
  std::size_t num_classes = 0;
  double longest_name_em = 6;  // width of the longest class name, in em of the body text
  std::size_t num_outliers = 0;
  std::size_t num_curves = 1;
};

// Step, epoch and explained variance beside the title, below it, or in one line with their names.
enum class StatsPlace { kBeside, kBelow, kLine };

struct FrameLayout {
  double unit = 1;   // pixels for what is one pixel at 1920x1080
  double body = 17;  // pixels an em of the body text; shrinks more slowly than the rest, to stay readable
  Rect title;
  Rect subtitle;  // empty without one
  StatsPlace stats_place = StatsPlace::kBeside;
  std::array<Rect, 3> stats;  // step, epoch, explained variance
  Rect scatter;               // square
  Rect certificate;           // a line below it: how far it can be trusted
  double legend_body = 17;    // pixels an em of the legend's text: smaller where that shows more classes
  std::vector<Rect> legend;   // one per class that fits
  std::size_t classes_without_entry = 0;
  Rect legend_rest;        // for "+ 37 more"; empty when all fit
  Rect leaderboard_title;  // empty without outliers
  std::vector<Rect> rows;  // of the leaderboard, the worst on top
  std::vector<Rect> curves;

  // All boxes that hold something.
  std::vector<Rect> boxes() const;
};

inline constexpr int kLeastSide = 360;
inline constexpr int kMostSide = 8192;
inline constexpr double kMostElongated = 4;

// UsageError when the size is beyond the limits above.
FrameLayout lay_out(const LayoutRequest& request);

}  // namespace zoetrope::render
