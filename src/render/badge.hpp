// SPDX-License-Identifier: Apache-2.0
// An outlier's rank in a ring of its class's colour: the same in the leaderboard and among the points.
#pragma once

#include <cstdint>
#include <vector>

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

struct Badge {
  double x, y;  // its middle, pixels
  std::int64_t rank;
  std::int64_t label;
  double opacity = 1;
};

// Pushes badges that lie over one another apart, so that every rank can be read, and no farther than that:
// small moves of the points move the badges little. A faint badge pushes as faintly. All end within `plane`,
// whole.
void spread_badges(std::vector<Badge>& badges, double radius, const Rect& plane);

void draw_badge(Canvas& canvas, const Typesetter& text, const Badge& badge, const BadgeStyle& style);

}  // namespace zoetrope::render
