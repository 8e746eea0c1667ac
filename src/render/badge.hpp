// SPDX-License-Identifier: Apache-2.0
// An outlier's rank in a ring of its class's colour: the same in the leaderboard and among the points.
#pragma once

#include <cstdint>

#include "canvas.hpp"
#include "text.hpp"

namespace zoetrope::render {

struct BadgeStyle {
  double radius = 10;
  double ring_width = 2;
  Theme theme = Theme::kLight;
  std::size_t num_classes = 0;
};

// The class colour of a label; grey for a label that is no class.
Colour label_colour(std::int64_t label, std::size_t num_classes, Theme theme);

void draw_badge(Canvas& canvas, const Typesetter& text, double x, double y, std::int64_t rank,
                std::int64_t label, const BadgeStyle& style, double opacity);

}  // namespace zoetrope::render
