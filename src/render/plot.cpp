// SPDX-License-Identifier: Apache-2.0
#include "plot.hpp"

#include <algorithm>

#include "zoetrope/support/text.hpp"

#include "numbers.hpp"

namespace zoetrope::render {
namespace {

constexpr double kEm = 0.036;  // of the shorter side: 14 pixels where the picture is shown 400 wide
constexpr double kLeastEm = 13;
// In em.
constexpr double kMargin = 0.7;
constexpr double kHeader = 1.9;
constexpr double kWidestHeader = 34;
constexpr double kPlotCorner = 0.5;
constexpr double kAgreement = 1.2;  // the line below the points that says how often regions are right

std::vector<ClassMark> plot_marks(const Scene& scene) {
  std::vector<ClassMark> marks;
  for (std::size_t i = 0; i < scene.class_names.size(); ++i) marks.push_back(class_mark(i, scene.theme));
  return marks;
}

double plot_em(const Scene& scene) {
  return std::max(kLeastEm, kEm * std::min(scene.width, scene.height));
}

Rect plot_square(const Scene& scene) {
  const double em = plot_em(scene), top = (kMargin / 2 + kHeader) * em;
  const double below = (scene.has_regions ? kMargin / 2 + kAgreement : kMargin) * em;
  const double side = std::min(scene.width - 2 * kMargin * em, scene.height - top - below);
  return {(scene.width - side) / 2, top, side, side};
}

}  // namespace

PlotFigure::PlotFigure(const Scene& scene)
    : scene_(scene),
      theme_(theme_colours(scene.theme)),
      text_(kFonts),
      body_(plot_em(scene)),
      square_(plot_square(scene)),
      map_(square_, 0.6 * body_, extent_of(scene)),
      regions_(square_, map_, kPlotCorner * body_, plot_marks(scene), scene.theme),
      scatter_(square_, map_, mark_style(scene.label.size(), square_.w), plot_marks(scene), scene,
               theme_.panel),
      class_labels_(square_, map_, body_, scene.theme, text_, scene.class_names, scene.label),
      region_names_(square_, map_, body_, scene.theme, text_, scene.class_names) {
  check_picture_size(scene.width, scene.height);
  const double width =
      std::min(scene.width - 2 * kMargin * body_, std::max(square_.w, kWidestHeader * body_));
  header_ = {(scene.width - width) / 2, kMargin / 2 * body_, width, kHeader * body_};
}

void PlotFigure::draw_background(Picture& picture) const {
  Canvas canvas(picture);
  canvas.fill_rect({0, 0, static_cast<double>(picture.width), static_cast<double>(picture.height)},
                   theme_.background);
  canvas.fill_rounded(square_, kPlotCorner * body_, theme_.panel);
  canvas.flush();
}

std::vector<ClassLabel> PlotFigure::place_labels(const Frame& frame) const {
  if (frame.before != nullptr && frame.after != nullptr)
    return class_labels_.between(place_labels(*frame.before), place_labels(*frame.after), frame.share,
                                 frame.points);
  return class_labels_.place(frame.points);
}

std::vector<ClassLabel> PlotFigure::place_region_names(const Frame& frame) const {
  if (frame.before != nullptr && frame.after != nullptr)
    return RegionNames::between(place_region_names(*frame.before), place_region_names(*frame.after),
                                frame.share);
  if (frame.regions.empty()) return {};
  std::vector<Rect> taken;
  for (const ClassLabel& label : place_labels(frame)) taken.push_back(class_labels_.box_of(label));
  return region_names_.place(frame.regions, frame.points, taken);
}

// The regions, with their names beneath the points.
void PlotFigure::draw_regions(Picture& picture, const Frame& frame) const {
  if (frame.regions.empty()) return;
  regions_.draw(picture, frame.regions);
  Canvas canvas(picture);
  canvas.clip(square_);
  region_names_.draw(canvas, text_, place_region_names(frame));
  canvas.unclip();
  if (scene_.has_regions) {
    const std::string words = words_of_agreement(frame.region_agreement);
    const Rect line{square_.x, square_.bottom() + 0.15 * body_, square_.w, kAgreement * body_};
    text_.draw(canvas, line, words,
               text_.fitted(words, {.size = 0.8 * body_, .colour = theme_.soft_ink}, line.w, 0.6));
  }
  canvas.flush();
}

void PlotFigure::draw_header(Canvas& canvas, const Frame& frame) const {
  const TextStyle name{.size = body_, .colour = theme_.soft_ink};
  TextStyle value{.size = 1.3 * body_, .weight = 600, .colour = theme_.ink};
  const double gap = 0.4 * body_, half = header_.w / 2;
  const double step_width = text_.width("Step", name) + gap;
  text_.draw(canvas, {header_.x, header_.y, step_width, header_.h}, "Step", name);
  text_.draw(canvas, {header_.x + step_width, header_.y, half - step_width, header_.h},
             support::format_count(frame.step), value);

  const bool is_classifier = !scene_.accuracy.empty();
  const std::vector<CurvePoint>& curve = is_classifier ? scene_.accuracy : scene_.knn_accuracy;
  const auto next = std::find_if(curve.begin(), curve.end(),
                                 [&](const CurvePoint& point) { return point.step > frame.step; });
  if (next == curve.begin()) return;
  value.align = Align::kRight;
  // As wide as the widest of all: the word beside it stands still.
  const auto greatest = std::ranges::max_element(curve, {}, &CurvePoint::value);
  const double number = text_.width(format_value(greatest->value, Notation::kPercent), value) + 1;
  text_.draw(canvas, {header_.right() - number, header_.y, number, header_.h},
             format_value((next - 1)->value, Notation::kPercent), value);
  TextStyle beside = name;
  beside.align = Align::kRight;
  text_.draw(canvas, {header_.x + half, header_.y, half - number - gap / 2, header_.h},
             is_classifier ? "Accuracy" : "kNN accuracy", beside);
}

void PlotFigure::draw_frame(Picture& picture, const Frame& frame) const {
  draw_regions(picture, frame);
  scatter_.draw(picture, frame);
  Canvas canvas(picture);
  canvas.clip(square_);
  class_labels_.draw(canvas, text_, place_labels(frame));
  canvas.unclip();
  draw_header(canvas, frame);
  canvas.flush();
}

}  // namespace zoetrope::render
