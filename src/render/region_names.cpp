// SPDX-License-Identifier: Apache-2.0
#include "region_names.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "easing.hpp"
#include "regions.hpp"

namespace zoetrope::render {
namespace {

// In em.
constexpr double kRegionName = 0.85;
constexpr double kLongestRegionName = 9;
constexpr double kRegionNameHeight = 1.2, kRegionNameToEdge = 0.3;
constexpr double kRegionNameStep = 0.5;    // between places that are tried
constexpr double kAroundRegionName = 0.5;  // kept free of points where that can be
// What a name may be farther from its region's middle, in em, to leave all points uncovered.
constexpr double kEmOfAllRegionPoints = 2000;
// Of the text's colour; the rest is the class's, which alone is too pale to be read.
constexpr double kInkOfRegionName = 0.45;

Colour mixed(Colour a, Colour b, double share) {
  const auto mix = [share](std::uint8_t x, std::uint8_t y) {
    return static_cast<std::uint8_t>(std::lround(x + (y - x) * share));
  };
  return {mix(a.r, b.r), mix(a.g, b.g), mix(a.b, b.b)};
}

}  // namespace

RegionNames::RegionNames(const Rect& square, const PlaneMap& map, double body, Theme theme,
                         const Typesetter& text, const std::vector<std::string>& names)
    : square_(square), map_(map), body_(body), theme_(theme), names_(names) {
  for (const std::string& name : names)
    width_.push_back(std::min(text.width(name, {.size = kRegionName * body}), kLongestRegionName * body));
}

Rect RegionNames::box_of(const ClassLabel& name) const {
  const double width = width_[name.class_index] + 2 * kRegionNameToEdge * body_,
               height = kRegionNameHeight * body_;
  return {name.x - width / 2, name.y - height / 2, width, height};
}

std::vector<std::vector<Spot>> RegionNames::spots(std::span<const double> regions) const {
  std::vector<std::vector<Spot>> spots(names_.size());
  const double step = kRegionNameStep * body_;
  const int count = static_cast<int>(std::ceil(square_.w / step)) - 1;  // in each direction
  for (int row = 1; row <= count; ++row)
    for (int column = 1; column <= count; ++column) {
      const double x = square_.x + column * step, y = square_.y + row * step;
      spots[class_at(regions, map_.value_at_x(x), map_.value_at_y(y))].push_back({x, y});
    }
  return spots;
}

// A region is convex: it holds a box whose corners lie in it.
bool RegionNames::is_in_region(std::span<const double> regions, const ClassLabel& name) const {
  const Rect box = box_of(name);
  if (box.x < square_.x || box.y < square_.y || box.right() > square_.right() ||
      box.bottom() > square_.bottom())
    return false;
  for (const double x : {box.x, box.right()})
    for (const double y : {box.y, box.bottom()})
      if (class_at(regions, map_.value_at_x(x), map_.value_at_y(y)) != name.class_index) return false;
  return true;
}

std::vector<ClassLabel> RegionNames::place(std::span<const double> regions, std::span<const double> points,
                                           std::span<const Rect> taken) const {
  std::vector<ClassLabel> names;
  if (regions.empty() || regions.size() != 3 * names_.size()) return names;
  LabelPlaces places(square_, body_);
  for (std::size_t i = 0; i + 1 < points.size(); i += 2)
    if (std::isfinite(points[i]) && std::isfinite(points[i + 1]))
      places.add_point(map_.x(points[i]), map_.y(points[i + 1]));
  places.count_points();
  for (const Rect& box : taken) places.take(box);
  const auto all = spots(regions);
  for (std::size_t k = 0; k < all.size(); ++k) {
    Spot middle{0, 0};
    for (const Spot& spot : all[k])
      middle = {middle.x + spot.x / static_cast<double>(all[k].size()),
                middle.y + spot.y / static_cast<double>(all[k].size())};
    std::optional<ClassLabel> best;
    double least = 0;
    for (const Spot& spot : all[k]) {
      const ClassLabel here{k, spot.x, spot.y, spot.x, spot.y};
      const Rect box = box_of(here);
      const double cost = kEmOfAllRegionPoints * places.covered(box.inset(-kAroundRegionName * body_)) +
                          std::hypot(spot.x - middle.x, spot.y - middle.y) / body_;
      if ((best && cost >= least) || !is_in_region(regions, here) || !places.is_free(box, k)) continue;
      best = here;
      least = cost;
    }
    if (best) names.push_back(*best);
  }
  return names;
}

std::vector<ClassLabel> RegionNames::between(const std::vector<ClassLabel>& before,
                                             const std::vector<ClassLabel>& after, double share) {
  const auto find = [](const std::vector<ClassLabel>& names, std::size_t k) {
    return std::ranges::find(names, k, &ClassLabel::class_index);
  };
  const double eased = smooth_step(0, 1, share);
  std::vector<ClassLabel> names;
  for (const ClassLabel& from : before) {
    ClassLabel& name = names.emplace_back(from);
    const auto to = find(after, from.class_index);
    // One that goes is gone before another comes.
    if (to == after.end()) {
      name.opacity = std::max(0.0, 1 - 2 * eased);
      continue;
    }
    name.x += (to->x - from.x) * eased;
    name.y += (to->y - from.y) * eased;
  }
  for (const ClassLabel& to : after) {
    if (find(before, to.class_index) != before.end()) continue;
    names.push_back(to);
    names.back().opacity = std::max(0.0, 2 * eased - 1);
  }
  return names;
}

void RegionNames::draw(Canvas& canvas, const Typesetter& text, const std::vector<ClassLabel>& names) const {
  const ThemeColours& theme = theme_colours(theme_);
  for (const ClassLabel& name : names) {
    const Colour colour = mixed(class_mark(name.class_index, theme_).colour, theme.ink, kInkOfRegionName);
    const TextStyle style{
        .size = kRegionName * body_, .weight = 500, .colour = colour, .align = Align::kCentre};
    if (name.opacity > 0) text.draw(canvas, box_of(name), names_[name.class_index], style, name.opacity);
  }
}

}  // namespace zoetrope::render
