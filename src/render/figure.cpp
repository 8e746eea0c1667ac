// SPDX-License-Identifier: Apache-2.0
#include "figure.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "zoetrope/support/text.hpp"

namespace zoetrope::render {
namespace {

struct NamedCurve {
  const std::vector<CurvePoint>& points;
  CurveStyle style;
};

std::vector<NamedCurve> curves_of(const Scene& scene) {
  const ThemeColours& theme = theme_colours(scene.theme);
  std::vector<NamedCurve> curves;
  const auto add = [&](const std::vector<CurvePoint>& points, CurveStyle style) {
    if (!points.empty()) curves.push_back({points, std::move(style)});
  };
  add(scene.loss, {{"Training loss", "Loss"}, theme.loss, Notation::kPlain});
  add(scene.accuracy, {{"Test accuracy", "Accuracy", "Acc."}, theme.accuracy, Notation::kPercent});
  add(scene.knn_accuracy, {{"Accuracy of neighbours", "kNN"}, theme.accuracy, Notation::kPercent});
  add(scene.neighbours_kept, {{"Neighbours kept since before", "Kept"}, theme.loss, Notation::kPercent});
  add(scene.learning_rate, {{"Learning rate", "LR"}, theme.learning_rate, Notation::kScientific});
  return curves;
}

FrameLayout layout_of(const Scene& scene, const Typesetter& text) {
  constexpr double kEm = 100;
  double longest = 0;
  for (const std::string& name : scene.class_names)
    longest = std::max(longest, text.width(name, {.size = kEm}) / kEm);
  return lay_out({.width = scene.width,
                  .height = scene.height,
                  .has_subtitle = !scene.subtitle.empty(),
                  .num_classes = scene.class_names.size(),
                  .longest_name_em = longest,
                  .num_outliers = scene.outlier_slots,
                  .num_curves = curves_of(scene).size()});
}

std::vector<ClassMark> marks_of(const Scene& scene) {
  std::vector<ClassMark> marks;
  for (std::size_t i = 0; i < scene.class_names.size(); ++i) marks.push_back(class_mark(i, scene.theme));
  return marks;
}

constexpr double kPlanePadding = 16, kPlaneCorner = 10;
constexpr double kBadgeRadius = 0.68;  // em of the body

// Marks and badges of the outermost points lie within the plane.
PlaneMap plane_map(const FrameLayout& layout, const Scene& scene) {
  const double padding = std::max(kPlanePadding * layout.unit, kBadgeRadius * layout.body + 1);
  return {layout.scatter, padding, extent_of(scene)};
}

struct StatName {
  const char* full;     // beside others in a line
  const char* caption;  // below the number
};
constexpr std::array<StatName, 3> kStatNames = {
    {{"Step", "STEP"}, {"Epoch", "EPOCH"}, {"Variance explained", "VARIANCE EXPLAINED"}}};

}  // namespace

Figure::Figure(const Scene& scene)
    : scene_(scene),
      theme_(theme_colours(scene.theme)),
      text_(kFonts),
      layout_(layout_of(scene, text_)),
      map_(plane_map(layout_, scene)),
      regions_(layout_.scatter, map_, kPlaneCorner * layout_.unit, marks_of(scene), scene.theme),
      scatter_(layout_.scatter, map_, mark_style(scene.label.size(), layout_.scatter.w), marks_of(scene),
               scene, theme_.panel),
      class_labels_(layout_.scatter, map_, layout_.body, scene.theme, text_, scene.class_names, scene.label),
      leaderboard_(layout_.leaderboard_title, layout_.rows, layout_.unit, layout_.body, scene.theme,
                   scene.class_names, scene.has_images, scene.farthest) {
  const std::vector<NamedCurve> curves = curves_of(scene);
  const TimeAxis time = time_axis(scene.last_epoch, scene.last_step, scene.has_epochs);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    curves_.emplace_back(layout_.curves[i], layout_.unit, layout_.body, curves[i].style, theme_,
                         curves[i].points, time);
  }
}

void Figure::draw_background(Picture& picture) const {
  Canvas canvas(picture);
  canvas.fill_rect({0, 0, static_cast<double>(picture.width), static_cast<double>(picture.height)},
                   theme_.background);
  const double body = layout_.body;
  const TextStyle title{.size = 2.05 * body, .weight = 700, .colour = theme_.ink};
  text_.draw(canvas, layout_.title, scene_.title, text_.fitted(scene_.title, title, layout_.title.w, 0.6));
  if (!layout_.subtitle.empty()) {
    const TextStyle soft{.size = 1.08 * body, .colour = theme_.soft_ink};
    text_.draw(canvas, layout_.subtitle, scene_.subtitle,
               text_.fitted(scene_.subtitle, soft, layout_.subtitle.w, 0.8));
  }
  draw_stat_names(canvas);
  draw_plane(canvas);
  draw_legend(picture, canvas);
  leaderboard_.draw_heading(canvas, text_);
  for (const CurvePanel& curve : curves_) curve.draw_axes(canvas, text_);
  canvas.flush();
}

TextStyle Figure::stat_name_style() const {
  if (layout_.stats_place == StatsPlace::kLine)
    return {.size = 0.85 * layout_.body, .colour = theme_.soft_ink};
  return {.size = 0.68 * layout_.body,
          .weight = 500,
          .colour = theme_.soft_ink,
          .align = stat_align(),
          .letter_spacing = 0.05};
}

void Figure::draw_stat_names(Canvas& canvas) const {
  const TextStyle style = stat_name_style();
  for (std::size_t i = 0; i < kStatNames.size(); ++i) {
    const Rect& cell = layout_.stats[i];
    const bool is_in_line = layout_.stats_place == StatsPlace::kLine;
    const char* const name = is_in_line ? kStatNames[i].full : kStatNames[i].caption;
    const Rect box = is_in_line ? cell : Rect{cell.x, cell.y + cell.h * 0.66, cell.w, cell.h * 0.34};
    text_.draw(canvas, box, name, text_.fitted(name, style, cell.w, 0.7));
  }
}

// Where the number of a statistic stands.
Rect Figure::stat_box(std::size_t i) const {
  const Rect& cell = layout_.stats[i];
  if (layout_.stats_place != StatsPlace::kLine) return {cell.x, cell.y, cell.w, cell.h * 0.66};
  const double left = text_.width(kStatNames[i].full, stat_name_style()) + 0.4 * layout_.body;
  return {cell.x + left, cell.y, cell.w - left, cell.h};
}

void Figure::draw_plane(Canvas& canvas) const {
  const Rect& box = layout_.scatter;
  canvas.fill_rounded(box, kPlaneCorner * layout_.unit, theme_.panel);
  const double hairline = std::max(1.0, layout_.unit);
  for (const double value : {-2.5, 0.0, 2.5}) {
    const double x = std::floor(map_.x(value)) + hairline / 2;
    const double y = std::floor(map_.y(value)) + hairline / 2;
    const double strength = value == 0 ? 1 : 0.55;
    canvas.line(x, box.y, x, box.bottom(), hairline, theme_.grid, strength);
    canvas.line(box.x, y, box.right(), y, hairline, theme_.grid, strength);
  }
}

void Figure::draw_legend(Picture& picture, Canvas& canvas) const {
  const double body = layout_.legend_body;
  const TextStyle name{.size = body, .colour = theme_.ink};
  const std::vector<Stamp> stamps = make_stamps(layout_.legend.size(), {0.38 * body, 1});
  for (std::size_t i = 0; i < layout_.legend.size(); ++i) {
    const Rect& entry = layout_.legend[i];
    const ClassMark mark = class_mark(i, scene_.theme);
    canvas.flush();
    stamps[static_cast<std::size_t>(mark.shape)].press(picture, entry.inset(-body), entry.x + 0.45 * body,
                                                       entry.centre_y(), mark.colour);
    canvas.mark_dirty();
    text_.draw(canvas, {entry.x + 1.3 * body, entry.y, entry.w - 1.3 * body, entry.h}, scene_.class_names[i],
               name);
  }
  if (!layout_.legend_rest.empty()) {
    const Rect& rest = layout_.legend_rest;
    text_.draw(
        canvas, {rest.x + 1.3 * body, rest.y, rest.w - 1.3 * body, rest.h},
        "+ " + support::format_count(static_cast<std::int64_t>(layout_.classes_without_entry)) + " more",
        {.size = body, .colour = theme_.soft_ink});
  }
}

void Figure::draw_stats(Canvas& canvas, const Frame& frame) const {
  const double variance = frame.explained_variance_ratio[0] + frame.explained_variance_ratio[1];
  const std::array<std::string, 3> values = {
      support::format_count(frame.step), scene_.has_epochs ? fmt::format("{:.2f}", frame.epoch) : "\u2013",
      fmt::format("{:.1f}\u2009%", 100 * variance)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Rect box = stat_box(i);
    const double em = layout_.stats_place == StatsPlace::kLine ? 1.2 : 1.8;
    const TextStyle style{
        .size = em * layout_.body, .weight = 600, .colour = theme_.ink, .align = stat_align()};
    text_.draw(canvas, box, values[i], text_.fitted(values[i], style, box.w, 0.4));
  }
}

std::string Figure::certificate(const Frame& frame, bool is_short) {
  std::string text;
  const auto add = [&](const std::string& words) {
    if (!words.empty()) text += (text.empty() ? "" : " \u00b7 ") + words;
  };
  if (std::isfinite(frame.trust)) add(fmt::format("trust {:.2f}", frame.trust));
  if (std::isfinite(frame.camera_share)) add(fmt::format("camera {:.0f}\u2009%", 100 * frame.camera_share));
  if (const std::int64_t outside = Scatter::num_outside(frame.train_points); outside > 0)
    add(fmt::format("{}{} outside", support::format_count(outside),
                    is_short       ? ""
                    : outside == 1 ? " training image"
                                   : " training images"));
  if (!frame.regions.empty()) add(words_of_agreement(frame.region_agreement, is_short));
  return text;
}

// A line below the points, where none lies on it. Where the plane moves more than the model, it is said
// louder.
void Figure::draw_certificate(Canvas& canvas, const Frame& frame) const {
  constexpr double kMostlyCamera = 0.5, kStillReadable = 0.85;
  const bool is_loud = std::isfinite(frame.camera_share) && frame.camera_share > kMostlyCamera;
  const TextStyle style{.size = 0.8 * layout_.body,
                        .weight = is_loud ? 600 : 400,
                        .colour = is_loud ? theme_.ink : theme_.soft_ink};
  const Rect& line = layout_.certificate;
  std::string text = certificate(frame, false);
  if (kStillReadable * text_.width(text, style) > line.w) text = certificate(frame, true);
  if (!text.empty()) text_.draw(canvas, line, text, text_.fitted(text, style, line.w, 0.6));
}

void Figure::draw_trails(Canvas& canvas, const Frame& frame) const {
  cairo_t* context = canvas.context();
  cairo_set_line_width(context, 2.2 * layout_.unit + 0.3);
  cairo_set_line_cap(context, CAIRO_LINE_CAP_BUTT);
  for (const Trail& trail : frame.trails) {
    const Colour colour = label_colour(trail.label, scene_.class_names.size(), scene_.theme);
    const std::size_t segments = trail.path.size() < 4 ? 0 : trail.path.size() / 2 - 1;
    for (std::size_t k = 0; k < segments; ++k) {
      const double* from = trail.path.data() + 2 * k;
      if (!std::isfinite(from[0] + from[1] + from[2] + from[3])) continue;
      const double age = static_cast<double>(k + 1) / static_cast<double>(segments);
      canvas.set_colour(colour, trail.opacity * age * age);
      cairo_move_to(context, map_.x(from[0]), map_.y(from[1]));
      cairo_line_to(context, map_.x(from[2]), map_.y(from[3]));
      cairo_stroke(context);
    }
  }
}

double Figure::badge_radius() const {
  return kBadgeRadius * layout_.body;
}

std::vector<Badge> Figure::place_badges(const Frame& frame) const {
  const auto most = static_cast<std::int64_t>(layout_.rows.size());
  std::vector<Badge> badges;
  for (std::size_t i = frame.outliers.size(); i-- > 0;) {
    const OutlierEntry& entry = frame.outliers[i];
    const std::int64_t rank = entry.rank > 0 ? entry.rank : static_cast<std::int64_t>(i) + 1;
    const auto index = static_cast<std::size_t>(entry.index);
    if (rank > most || entry.index < 0 || 2 * index + 1 >= frame.points.size()) continue;
    const double x = map_.x(frame.points[2 * index]);
    const double y = map_.y(frame.points[2 * index + 1]);
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    badges.push_back({x, y, rank, entry.label, entry.opacity});
  }
  spread_badges(badges, badge_radius(), layout_.scatter);
  return badges;
}

std::vector<ClassLabel> Figure::place_labels(const Frame& frame) const {
  if (frame.before != nullptr && frame.after != nullptr)
    return class_labels_.between(place_labels(*frame.before), place_labels(*frame.after), frame.share,
                                 frame.points);
  return class_labels_.place(frame.points, place_badges(frame), badge_radius());
}

void Figure::draw_frame(Picture& picture, const Frame& frame) const {
  regions_.draw(picture, frame.regions);
  scatter_.draw(picture, frame);
  Canvas canvas(picture);
  canvas.clip(layout_.scatter);
  draw_trails(canvas, frame);
  const std::vector<Badge> badges = place_badges(frame);
  class_labels_.draw(canvas, text_, place_labels(frame));
  const BadgeStyle style{badge_radius(), 1.8 * layout_.unit + 0.3, scene_.theme, scene_.class_names.size()};
  for (const Badge& badge : badges) draw_badge(canvas, text_, badge, style);
  canvas.unclip();
  draw_certificate(canvas, frame);
  draw_stats(canvas, frame);
  leaderboard_.draw(canvas, text_, frame.outliers, frame.far);
  for (const CurvePanel& curve : curves_) curve.draw_curve(canvas, text_, frame.step, frame.epoch);
  canvas.flush();
}

}  // namespace zoetrope::render
