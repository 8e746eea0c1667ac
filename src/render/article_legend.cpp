// SPDX-License-Identifier: Apache-2.0
// Paddings of matplotlib's legend are in units of its font size.
#include "article_legend.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace zoetrope::render {
namespace {

constexpr Colour kLegendBlack = {0, 0, 0};
constexpr Colour kLegendWhite = {255, 255, 255};
constexpr Colour kLegendEdge = {204, 204, 204};  // legend.edgecolor 0.8
constexpr double kLegendPitch = 1.5;             // em
constexpr double kLegendAroundText = 3.6;        // em
constexpr double kWidestLegend = 0.3;            // of its text, in shares of the axes
constexpr double kLeastLegendFont = 0.5;         // of the usual one
constexpr double kLegendAway = 0.5;              // em of the usual font
// Of more points every second, third, ... is counted.
constexpr std::size_t kMostCountedPoints = 200'000;

// In the order in which matplotlib prefers them; shares of the free width and height.
constexpr std::array<std::pair<double, double>, 9> kLegendPlaces = {
    {{1, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 0.5}, {0, 0.5}, {0.5, 1}, {0.5, 0}, {0.5, 0.5}}};

std::size_t num_covered(const Rect& box, const PlaneMap& map, std::span<const std::span<const double>> frames,
                        std::size_t every) {
  std::size_t count = 0;
  for (const std::span<const double> points : frames) {
    for (std::size_t i = 0; i + 1 < points.size(); i += 2 * every) {
      const double x = map.x(points[i]), y = map.y(points[i + 1]);
      count += x >= box.x && x <= box.right() && y >= box.y && y <= box.bottom() ? 1 : 0;
    }
  }
  return count;
}

}  // namespace

ClassMark article_mark(std::size_t class_index, std::size_t num_classes) {
  if (num_classes > kNumArticleColours) return class_mark(class_index, Theme::kLight);
  return {article_colour(class_index), Shape::kDisc};
}

LegendPlace best_place(const Rect& axes, double width, double height, double away, const PlaneMap& map,
                       std::span<const std::span<const double>> frames) {
  std::size_t points = 0;
  for (const auto& frame : frames) points += frame.size() / 2;
  const std::size_t every = 1 + points / kMostCountedPoints;
  const Rect within = axes.inset(away);
  LegendPlace best{};
  for (const auto& [right, down] : kLegendPlaces) {
    const Rect box{within.x + right * (within.w - width), within.y + down * (within.h - height), width,
                   height};
    // A mark is about as large as what keeps the legend from the axes.
    const std::size_t covered = num_covered(box.inset(-away), map, frames, every);
    if (best.box.empty() || covered < best.covered) best = {box, covered};
  }
  return best;
}

ArticleLegend::ArticleLegend(const Scene& scene, const Typesetter& text, const Rect& axes,
                             const PlaneMap& map, double font, double mark, double free)
    : names_(scene.class_names), font_(font) {
  // In matplotlib a legend of many classes leaves the figure; here its text gets smaller, and what does not
  // fit even so is counted in the last row.
  const auto classes = static_cast<double>(names_.size());
  const double rows_of_em = (axes.h - 1.25 * font) / kLegendPitch;
  em_ = std::clamp(rows_of_em / std::max(classes, 1.0), kLeastLegendFont * font, font);
  entries_ = std::min(names_.size(), static_cast<std::size_t>(rows_of_em / em_));
  double text_width = 0;
  for (const std::string& name : names_)
    text_width = std::max(text_width, text.width(name, {.size = kHinted * em_}));
  const double width = kLegendAroundText * em_ + std::min(text_width, kWidestLegend * axes.w);
  const double away = kLegendAway * font;
  if (width + 3 * away <= free) {
    box_ = {axes.right() + 2 * away, axes.y, width, height_of(entries_)};
  } else {
    lay_out(scene, width, axes, map);
  }
  mark_radius_ = mark * em_ / font;
  stamps_ = make_stamps(entries_, {mark_radius_, 1});
}

double ArticleLegend::height_of(std::size_t rows) const {
  return kLegendPitch * em_ * static_cast<double>(rows) + 0.25 * em_;
}

void ArticleLegend::lay_out(const Scene& scene, double column, const Rect& axes, const PlaneMap& map) {
  const double away = kLegendAway * font_;
  const LegendPlace one = best_place(axes, column, height_of(entries_), away, map, scene.all_points);
  const LegendPlace two =
      best_place(axes, 2 * column, height_of((entries_ + 1) / 2), away, map, scene.all_points);
  columns_ = two.covered < one.covered ? 2 : 1;
  box_ = columns_ == 2 ? two.box : one.box;
}

void ArticleLegend::draw(Picture& picture, Canvas& canvas, const Typesetter& text) const {
  if (entries_ == 0) return;
  const double em = em_, width = box_.w / static_cast<double>(columns_);
  canvas.fill_rounded(box_, 0.2 * em, kLegendWhite, 0.8);
  canvas.stroke_rounded(box_, 0.2 * em, font_ / 10, kLegendEdge, 0.8);
  const std::size_t classes = names_.size(), rows = (entries_ + columns_ - 1) / columns_;
  for (std::size_t i = 0; i < entries_; ++i) {
    const std::size_t column = i / rows;
    const double x = box_.x + width * static_cast<double>(column) + 0.4 * em;
    const Rect row{x, box_.y + 0.07 * em + kLegendPitch * em * static_cast<double>(i % rows),
                   width - 0.8 * em, kLegendPitch * em};
    const bool counts_the_rest = i + 1 == entries_ && entries_ < classes;
    const std::string shown = counts_the_rest ? fmt::format("+ {} more", classes - i) : names_[i];
    text.draw(canvas, {row.x + 2.8 * em, row.y, row.w - 2.8 * em + 1, row.h}, shown,
              {.size = kHinted * em, .colour = kLegendBlack});
    if (!counts_the_rest)
      draw_mark(picture, canvas, article_mark(i, classes), row.x + em, row.centre_y() + 0.08 * em);
  }
}

void ArticleLegend::draw_mark(Picture& picture, Canvas& canvas, const ClassMark& mark, double x,
                              double y) const {
  if (mark.shape == Shape::kDisc) {
    canvas.fill_disc(x, y, mark_radius_, mark.colour);
    return;
  }
  canvas.flush();
  stamps_[static_cast<std::size_t>(mark.shape)].press(picture, box_, x, y, mark.colour);
  canvas.mark_dirty();
}

}  // namespace zoetrope::render
