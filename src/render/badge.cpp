// SPDX-License-Identifier: Apache-2.0
#include "badge.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace zoetrope::render {

Colour label_colour(std::int64_t label, std::size_t num_classes, Theme theme) {
  if (label < 0 || static_cast<std::size_t>(label) >= num_classes) return theme_colours(theme).soft_ink;
  return class_mark(static_cast<std::size_t>(label), theme).colour;
}

void spread_badges(std::vector<Badge>& badges, double radius, const Rect& plane) {
  constexpr int kRounds = 8;
  constexpr double kDistance = 2.1;  // of two middles, in radii
  const Rect middles = plane.inset(std::min({radius, plane.w / 2, plane.h / 2}));
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < badges.size(); ++i) {
      for (std::size_t k = i + 1; k < badges.size(); ++k) {
        Badge& a = badges[i];
        Badge& b = badges[k];
        const double distance = std::hypot(b.x - a.x, b.y - a.y);
        if (distance >= kDistance * radius) continue;
        const double push = (kDistance * radius - distance) / 2;
        // At the same place: to the sides.
        const double x = distance > 0 ? (b.x - a.x) / distance : 1;
        const double y = distance > 0 ? (b.y - a.y) / distance : 0;
        a.x -= push * b.opacity * x;
        a.y -= push * b.opacity * y;
        b.x += push * a.opacity * x;
        b.y += push * a.opacity * y;
      }
    }
    for (Badge& badge : badges) {
      badge.x = std::clamp(badge.x, middles.x, middles.right());
      badge.y = std::clamp(badge.y, middles.y, middles.bottom());
    }
  }
}

void draw_badge(Canvas& canvas, const Typesetter& text, const Badge& badge, const BadgeStyle& style) {
  const auto [x, y, rank, label, opacity] = badge;
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
