// SPDX-License-Identifier: Apache-2.0
#include "class_labels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "easing.hpp"

namespace zoetrope::render {
namespace {

// Distance to the nearest other class in radii of the own one: unreadable up to the first, clear from the
// second. Near each other, so that few names are half visible, yet a name fades when the classes part.
constexpr double kMixed = 0.7;
constexpr double kApart = 0.95;
constexpr double kLongestEm = 11;

// The share of the smaller box's area that both cover.
double shared(const Rect& a, const Rect& b) {
  const double w = std::min(a.right(), b.right()) - std::max(a.x, b.x);
  const double h = std::min(a.bottom(), b.bottom()) - std::max(a.y, b.y);
  return w <= 0 || h <= 0 ? 0 : w * h / std::min(a.w * a.h, b.w * b.h);
}

}  // namespace

ClassLabels::ClassLabels(const Rect& square, const PlaneMap& map, double body, Theme theme,
                         const Typesetter& text, const std::vector<std::string>& names,
                         std::span<const std::int64_t> label)
    : square_(square),
      map_(map),
      style_{.size = body, .weight = 600, .colour = theme_colours(theme).ink, .align = Align::kCentre},
      halo_(theme_colours(theme).panel),
      max_width_(kLongestEm * body),
      names_(names),
      label_(label) {
  for (const std::string& name : names) width_.push_back(std::min(text.width(name, style_), max_width_));
}

std::vector<ClassLabels::Cluster> ClassLabels::clusters(std::span<const double> points) const {
  // Weiszfeld's iteration towards the geometric median, from the origin: a few steps get near enough, and
  // unlike the mean it stays in the crowd when some points stray far.
  constexpr int kSteps = 6;
  constexpr double kNear = 0.05;  // data units; keeps a point that is hit exactly from taking all the weight
  const std::size_t count = std::min(points.size() / 2, label_.size());
  std::vector<Cluster> clusters(names_.size());
  for (int step = 0; step < kSteps; ++step) {
    std::vector<Cluster> next(clusters.size());
    std::vector<double> weights(clusters.size());
    for (std::size_t i = 0; i < count; ++i) {
      const auto label = static_cast<std::size_t>(label_[i]);
      const double x = points[2 * i];
      const double y = points[2 * i + 1];
      if (label >= clusters.size() || !std::isfinite(x) || !std::isfinite(y)) continue;
      const double distance = std::hypot(x - clusters[label].x, y - clusters[label].y);
      // The first step takes the mean.
      const double weight = step == 0 ? 1 : 1 / (distance + kNear);
      ++next[label].count;
      next[label].x += weight * x;
      next[label].y += weight * y;
      next[label].radius += distance;
      weights[label] += weight;
    }
    for (std::size_t k = 0; k < next.size(); ++k) {
      if (next[k].count == 0) continue;
      next[k].x /= weights[k];
      next[k].y /= weights[k];
      next[k].radius /= static_cast<double>(next[k].count);
    }
    clusters = std::move(next);
  }
  return clusters;
}

std::vector<ClassLabel> ClassLabels::place(std::span<const double> points, std::span<const Badge> badges,
                                           double badge_radius) const {
  const std::vector<Cluster> all = clusters(points);
  const double height = 1.3 * style_.size;
  std::vector<ClassLabel> labels;
  std::vector<Rect> boxes;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (all[k].count == 0) continue;
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t other = 0; other < all.size(); ++other) {
      if (other == k || all[other].count == 0) continue;
      nearest = std::min(nearest, std::hypot(all[k].x - all[other].x, all[k].y - all[other].y));
    }
    const double half_width = width_[k] / 2 + 0.4 * style_.size;
    const double x = std::clamp(map_.x(all[k].x), square_.x + half_width,
                                std::max(square_.x + half_width, square_.right() - half_width));
    const double y = std::clamp(map_.y(all[k].y), square_.y + height, square_.bottom() - height);
    double opacity = smooth_step(kMixed, kApart, nearest / std::max(all[k].radius, 1e-12));
    const Rect box{x - half_width, y - height / 2, 2 * half_width, height};
    for (std::size_t before = 0; before < boxes.size(); ++before) {
      opacity *= 1 - labels[before].opacity * smooth_step(0.0, 0.25, shared(box, boxes[before]));
    }
    for (const Badge& badge : badges) {
      const Rect disc{badge.x - badge_radius, badge.y - badge_radius, 2 * badge_radius, 2 * badge_radius};
      opacity *= 1 - badge.opacity * smooth_step(0.15, 0.5, shared(box, disc));
    }
    labels.push_back({k, x, y, opacity});
    boxes.push_back(box);
  }
  return labels;
}

void ClassLabels::draw(Canvas& canvas, const Typesetter& text, const std::vector<ClassLabel>& labels) const {
  constexpr double kInvisible = 0.02;
  for (const ClassLabel& label : labels) {
    if (label.opacity < kInvisible) continue;
    text.draw_haloed(canvas, label.x, label.y, max_width_, names_[label.class_index], style_, halo_,
                     label.opacity);
  }
}

}  // namespace zoetrope::render
