// SPDX-License-Identifier: Apache-2.0
#include "class_labels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "easing.hpp"

namespace zoetrope::render {
namespace {

// Distance to the nearest other class in radii of the own one from which a name among the points reads.
constexpr double kApart = 0.95;
// The least that a class must be apart to have a place of its own, to which a line can lead: from the nearest
// other one in the same measure, or, where it lies on that, in the distance of all classes from their middle.
constexpr double kOwnPlace = 0.15;
constexpr double kOwnRegion = 0.4;
constexpr double kLongestEm = 11;
// Of more points than these a name hides some and leaves others; of fewer it can hide all.
constexpr std::size_t kFewPoints = 5;
// In em.
constexpr double kHeight = 1.3;
constexpr double kToEdge = 0.4;
constexpr double kBetweenLines = 0.28;  // of the height, what letters above one another leave free

}  // namespace

ClassLabels::ClassLabels(const Rect& square, const PlaneMap& map, double body, Theme theme,
                         const Typesetter& text, const std::vector<std::string>& names,
                         std::span<const std::int64_t> label)
    : square_(square),
      map_(map),
      theme_(theme),
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

std::vector<ClassLabels::Place> ClassLabels::wanted_places(const std::vector<Cluster>& all) {
  double count = 0, x = 0, y = 0;
  for (const Cluster& cluster : all) {
    const auto n = static_cast<double>(cluster.count);
    count += n;
    x += n * cluster.x;
    y += n * cluster.y;
  }
  double spread = 0;
  for (const Cluster& cluster : all)
    spread +=
        static_cast<double>(cluster.count) / count * std::hypot(cluster.x - x / count, cluster.y - y / count);
  std::vector<Place> places(all.size(), Place::kNone);
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (all[k].count == 0) continue;
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t other = 0; other < all.size(); ++other) {
      if (other == k || all[other].count == 0) continue;
      nearest = std::min(nearest, std::hypot(all[k].x - all[other].x, all[k].y - all[other].y));
    }
    const double radius = all[k].radius;
    if (nearest > kApart * radius) {
      places[k] = Place::kAmong;
    } else if (nearest > kOwnPlace * radius || spread > kOwnRegion * radius) {
      places[k] = Place::kBeside;
    }
  }
  return places;
}

ClassLabel ClassLabels::anchored(std::size_t class_index, const Cluster& cluster) const {
  const double x = map_.x(cluster.x), y = map_.y(cluster.y);
  return {class_index, x, y, x, y};
}

Rect ClassLabels::box_of(const ClassLabel& label) const {
  const double width = width_[label.class_index] + 2 * kToEdge * style_.size;
  const double height = kHeight * style_.size;
  return {label.x - width / 2, label.y - height / 2, width, height};
}

LabelPlaces ClassLabels::places(std::span<const double> points, std::span<const Badge> badges,
                                double badge_radius) const {
  const double em = style_.size;
  LabelPlaces places(square_, em);
  for (std::size_t i = 0; i + 1 < points.size(); i += 2)
    if (std::isfinite(points[i]) && std::isfinite(points[i + 1]))
      places.add_point(map_.x(points[i]), map_.y(points[i + 1]));
  places.count_points();
  for (const Badge& badge : badges)
    places.take({badge.x - badge_radius, badge.y - badge_radius, 2 * badge_radius, 2 * badge_radius});
  return places;
}

std::vector<bool> ClassLabels::would_be_hidden(std::span<const double> points,
                                               const std::vector<Cluster>& all) const {
  const auto has_few = [&](std::size_t k) { return k < all.size() && all[k].count <= kFewPoints; };
  std::vector<std::size_t> covered(all.size());
  const std::size_t count = std::min(points.size() / 2, label_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto k = static_cast<std::size_t>(label_[i]);
    if (!has_few(k) || !std::isfinite(points[2 * i]) || !std::isfinite(points[2 * i + 1])) continue;
    const double x = map_.x(points[2 * i]), y = map_.y(points[2 * i + 1]);
    const Spot nearest = nearest_in(box_of(anchored(k, all[k])), x, y);
    covered[k] += nearest.x == x && nearest.y == y ? 1 : 0;
  }
  std::vector<bool> hidden(all.size());
  for (std::size_t k = 0; k < all.size(); ++k) hidden[k] = has_few(k) && 2 * covered[k] > all[k].count;
  return hidden;
}

bool ClassLabels::put_among(ClassLabel& label, LabelPlaces& places) const {
  const Rect middle = box_of(label);
  const double left = square_.x, top = square_.y + kHeight / 2 * style_.size;
  const double x = std::clamp(middle.x, left, std::max(left, square_.right() - middle.w));
  for (const double lines : {0, -1, 1}) {
    const double wanted = middle.y + lines * kHeight * style_.size;
    const double y = std::clamp(wanted, top, std::max(top, square_.bottom() - middle.h));
    const Rect box{x, y, middle.w, middle.h};
    if (!places.is_free(box, label.class_index)) continue;
    places.take(box);
    label.x = box.centre_x();
    label.y = box.centre_y();
    return true;
  }
  return false;
}

bool ClassLabels::put_beside(ClassLabel& label, LabelPlaces& places) const {
  const Rect middle = box_of(label);
  const auto box = places.beside(label.class_index, label.anchor_x, label.anchor_y, middle.w, middle.h);
  if (!box) return false;
  label.x = box->centre_x();
  label.y = box->centre_y();
  return true;
}

std::vector<ClassLabel> ClassLabels::place(std::span<const double> points, std::span<const Badge> badges,
                                           double badge_radius) const {
  const std::vector<Cluster> all = clusters(points);
  const std::vector<Place> wanted = wanted_places(all);
  const std::vector<bool> hidden = would_be_hidden(points, all);
  LabelPlaces places = this->places(points, badges, badge_radius);
  std::vector<ClassLabel> labels, beside;
  for (std::size_t k = 0; k < all.size(); ++k)
    if (wanted[k] != Place::kNone) places.keep(k, map_.x(all[k].x), map_.y(all[k].y));
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (wanted[k] == Place::kNone) continue;
    ClassLabel label = anchored(k, all[k]);
    const bool has_room = wanted[k] == Place::kAmong && !hidden[k] && put_among(label, places);
    (has_room ? labels : beside).push_back(label);
  }
  if (all.size() > kMostBeside) return labels;
  for (ClassLabel& label : beside)
    if (put_beside(label, places)) labels.push_back(label);
  return labels;
}

double ClassLabels::meeting(const ClassLabel& a, const ClassLabel& b) const {
  const double em = style_.size;
  const Rect box = box_of(a), other = box_of(b);
  const double across = (box.w + other.w) / 2 - std::abs(a.x - b.x);
  const double down = box.h - std::abs(a.y - b.y);
  return std::clamp(std::min(across / (2 * kToEdge * em), down / (kBetweenLines * em)), 0.0, 1.0);
}

// How much a name fades where it lies on another. One that stays goes before one that comes or goes. Of one
// that goes and one that comes, either of which may lie where the other stands in its own checkpoint, each
// has its half of the way.
double ClassLabels::gives_way(Stay name, Stay other, bool is_later, double eased) {
  if (name == other) return is_later ? 1 : 0;
  if (name == Stay::kStays) return 0;
  if (other == Stay::kStays) return 1;
  return std::min(1.0, 2 * (name == Stay::kGoes ? eased : 1 - eased));
}

std::vector<ClassLabel> ClassLabels::between(const std::vector<ClassLabel>& before,
                                             const std::vector<ClassLabel>& after, double share,
                                             std::span<const double> points) const {
  const std::vector<Cluster> all = clusters(points);
  const double eased = smooth_step(0, 1, share);
  std::vector<ClassLabel> labels;
  std::vector<Stay> stays;
  for (std::size_t k = 0; k < all.size(); ++k) {
    const auto is_of_class = [k](const ClassLabel& label) { return label.class_index == k; };
    const auto first = std::find_if(before.begin(), before.end(), is_of_class);
    const auto second = std::find_if(after.begin(), after.end(), is_of_class);
    const bool was = first != before.end(), will_be = second != after.end();
    if (all[k].count == 0 || !(was || will_be)) continue;
    const ClassLabel& from = was ? *first : *second;
    const ClassLabel& to = will_be ? *second : *first;
    ClassLabel label = anchored(k, all[k]);
    label.x += (from.x - from.anchor_x) * (1 - eased) + (to.x - to.anchor_x) * eased;
    label.y += (from.y - from.anchor_y) * (1 - eased) + (to.y - to.anchor_y) * eased;
    label.opacity = !was ? eased : !will_be ? 1 - eased : 1;
    labels.push_back(label);
    stays.push_back(!was ? Stay::kComes : !will_be ? Stay::kGoes : Stay::kStays);
  }
  for (std::size_t a = 0; a < labels.size(); ++a) {
    for (std::size_t b = 0; b < labels.size(); ++b)
      if (a != b)
        labels[a].opacity *= 1 - meeting(labels[a], labels[b]) * gives_way(stays[a], stays[b], a > b, eased);
  }
  return labels;
}

// From the middle of the class's points to its name, with the class's colour where it begins; none where the
// name stands there.
void ClassLabels::draw_line(Canvas& canvas, const ClassLabel& label) const {
  const double em = style_.size;
  const Spot end = nearest_in(box_of(label), label.anchor_x, label.anchor_y);
  if (std::hypot(end.x - label.anchor_x, end.y - label.anchor_y) < em) return;
  for (const auto& [width, colour] : {std::pair{0.3 * em, halo_}, {0.09 * em, style_.colour}}) {
    cairo_set_line_cap(canvas.context(), CAIRO_LINE_CAP_ROUND);
    canvas.line(label.anchor_x, label.anchor_y, end.x, end.y, width, colour, label.opacity);
  }
  canvas.fill_disc(label.anchor_x, label.anchor_y, 0.34 * em, halo_, label.opacity);
  canvas.fill_disc(label.anchor_x, label.anchor_y, 0.24 * em, style_.colour, label.opacity);
  canvas.fill_disc(label.anchor_x, label.anchor_y, 0.17 * em, class_mark(label.class_index, theme_).colour,
                   label.opacity);
}

// Points beneath a name shine through, so that they are seen and do not disturb the letters.
void ClassLabels::draw_plate(Canvas& canvas, const ClassLabel& label) const {
  constexpr double kOpacity = 0.6, kPlateHeight = 1.15, kAround = 0.2, kCorner = 0.3;
  if (width_[label.class_index] <= 0) return;
  const double em = style_.size, width = width_[label.class_index] + 2 * kAround * em;
  const Rect plate{label.x - width / 2, label.y - kPlateHeight * em / 2, width, kPlateHeight * em};
  canvas.fill_rounded(plate, kCorner * em, halo_, kOpacity * label.opacity);
}

void ClassLabels::draw(Canvas& canvas, const Typesetter& text, const std::vector<ClassLabel>& labels) const {
  constexpr double kInvisible = 0.02;
  for (const ClassLabel& label : labels)
    if (label.opacity >= kInvisible) draw_line(canvas, label);
  for (const ClassLabel& label : labels) {
    if (label.opacity < kInvisible) continue;
    draw_plate(canvas, label);
    text.draw_haloed(canvas, label.x, label.y, max_width_, names_[label.class_index], style_, halo_,
                     label.opacity);
  }
}

}  // namespace zoetrope::render
