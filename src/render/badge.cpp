// SPDX-License-Identifier: Apache-2.0
#include "badge.hpp"

#include <string>

namespace zoetrope::render {

Colour label_colour(std::int64_t label, std::size_t num_classes, Theme theme) {
  if (label < 0 || static_cast<std::size_t>(label) >= num_classes) return theme_colours(theme).soft_ink;
  return class_mark(static_cast<std::size_t>(label), theme).colour;
}

void draw_badge(Canvas& canvas, const Typesetter& text, double x, double y, std::int64_t rank,
                std::int64_t label, const BadgeStyle& style, double opacity) {
  const ThemeColours& theme = theme_colours(style.theme);
  const double r = style.radius;
  // Side by side, not one over the other: a fading badge stays a ring.
  const double middle = r - style.ring_width / 2;
  canvas.fill_disc(x, y, middle, theme.background, opacity);
  canvas.stroke_rounded({x - middle, y - middle, 2 * middle, 2 * middle}, middle, style.ring_width,
                        label_colour(label, style.num_classes, style.theme), opacity);
  text.draw(canvas, {x - r, y - r, 2 * r, 2 * r}, std::to_string(rank),
            {.size = r * (rank < 10    ? 1.16
                          : rank < 100 ? 1.0
                                       : 0.8),
             .weight = 600,
             .colour = theme.ink,
             .align = Align::kCentre},
            opacity);
}

}  // namespace zoetrope::render
