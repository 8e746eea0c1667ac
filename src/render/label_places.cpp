// SPDX-License-Identifier: Apache-2.0
#include "label_places.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace zoetrope::render {
namespace {

constexpr int kDirections = 32;
// Of a name's edge from its class's middle, in em.
constexpr double kNearestPlace = 2;
constexpr double kStep = 0.75;
constexpr int kDistances = 30;
// What a line may be longer to leave all points uncovered.
constexpr double kEmOfAllPoints = 250;
constexpr double kKept = 0.8;  // em, around where a line begins

bool overlap(const Rect& a, const Rect& b) {
  return a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom();
}

}  // namespace

Spot nearest_in(const Rect& box, double x, double y) {
  return {std::clamp(x, box.x, box.right()), std::clamp(y, box.y, box.bottom())};
}

LabelPlaces::LabelPlaces(const Rect& square, double em)
    : square_(square),
      em_(em),
      cell_(std::max(1.0, em / 2)),
      columns_(static_cast<std::size_t>(std::ceil(square.w / cell_))),
      points_((columns_ + 1) * (columns_ + 1)) {}

std::size_t LabelPlaces::column(double x) const {
  return static_cast<std::size_t>(std::clamp((x - square_.x) / cell_, 0.0, static_cast<double>(columns_)));
}

std::size_t LabelPlaces::row(double y) const {
  return static_cast<std::size_t>(std::clamp((y - square_.y) / cell_, 0.0, static_cast<double>(columns_)));
}

void LabelPlaces::add_point(double x, double y) {
  const std::size_t to_the_right = std::min(column(x) + 1, columns_);
  const std::size_t below = std::min(row(y) + 1, columns_);
  ++points_[below * (columns_ + 1) + to_the_right];
}

void LabelPlaces::count_points() {
  const std::size_t width = columns_ + 1;
  for (std::size_t at = 0; at < points_.size(); ++at) {
    const bool has_left = at % width > 0, has_above = at >= width;
    points_[at] += (has_left ? points_[at - 1] : 0) + (has_above ? points_[at - width] : 0) -
                   (has_left && has_above ? points_[at - width - 1] : 0);
  }
}

double LabelPlaces::covered(const Rect& box) const {
  if (points_.back() == 0) return 0;
  const std::size_t width = columns_ + 1;
  const std::size_t left = column(box.x), right = std::min(column(box.right()) + 1, columns_);
  const std::size_t top = row(box.y), bottom = std::min(row(box.bottom()) + 1, columns_);
  const double count = points_[bottom * width + right] - points_[top * width + right] -
                       points_[bottom * width + left] + points_[top * width + left];
  return count / points_.back();
}

void LabelPlaces::keep(std::size_t class_index, double x, double y) {
  const double side = kKept * em_;
  kept_.push_back({class_index, {x - side / 2, y - side / 2, side, side}});
}

bool LabelPlaces::is_free(const Rect& box, std::size_t class_index) const {
  return std::none_of(taken_.begin(), taken_.end(), [&](const Rect& other) { return overlap(box, other); }) &&
         std::none_of(kept_.begin(), kept_.end(), [&](const Kept& other) {
           return other.class_index != class_index && overlap(box, other.box);
         });
}

bool LabelPlaces::cross(const Line& a, const Line& b) {
  const auto side = [](const Line& line, double x, double y) {
    return (line.x1 - line.x0) * (y - line.y0) - (line.y1 - line.y0) * (x - line.x0);
  };
  return side(a, b.x0, b.y0) * side(a, b.x1, b.y1) < 0 && side(b, a.x0, a.y0) * side(b, a.x1, a.y1) < 0;
}

bool LabelPlaces::passes(const Line& line, const Rect& box) {
  return cross(line, {box.x, box.y, box.right(), box.bottom()}) ||
         cross(line, {box.right(), box.y, box.x, box.bottom()});
}

std::optional<double> LabelPlaces::cost(std::size_t class_index, const Rect& box, const Line& line,
                                        double em_away) const {
  if (box.x < square_.x || box.right() > square_.right() || box.y < square_.y ||
      box.bottom() > square_.bottom() || !is_free(box, class_index))
    return std::nullopt;
  for (const Rect& other : taken_)
    if (passes(line, other)) return std::nullopt;
  for (const Line& other : lines_)
    if (cross(line, other) || passes(other, box)) return std::nullopt;
  return em_away + kEmOfAllPoints * covered(box);
}

std::optional<Rect> LabelPlaces::beside(std::size_t class_index, double x, double y, double width,
                                        double height) {
  std::optional<Rect> best;
  Line best_line{};
  double least = 0;
  for (int direction = 0; direction < kDirections; ++direction) {
    const double angle = 2 * std::numbers::pi * direction / kDirections;
    for (int step = 0; step < kDistances; ++step) {
      const double away = kNearestPlace + kStep * step;
      // A wide name stands as far from its class as a high one, measured from its edge.
      const double dx = std::cos(angle) * (away * em_ + width / 2),
                   dy = std::sin(angle) * (away * em_ + height / 2);
      const Rect box{x + dx - width / 2, y + dy - height / 2, width, height};
      const Spot end = nearest_in(box, x, y);
      const Line line{x, y, end.x, end.y};
      const std::optional<double> here = cost(class_index, box, line, away);
      if (!here || (best && *here >= least)) continue;
      best = box;
      best_line = line;
      least = *here;
    }
  }
  if (best) {
    taken_.push_back(*best);
    lines_.push_back(best_line);
  }
  return best;
}

}  // namespace zoetrope::render
