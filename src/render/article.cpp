// SPDX-License-Identifier: Apache-2.0
// Sizes are matplotlib's defaults (rcParams), in points.
#include "article.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace zoetrope::render {
namespace {

constexpr Colour kBlack = {0, 0, 0};
constexpr Colour kWhite = {255, 255, 255};
constexpr Colour kRed = {255, 0, 0};

constexpr double kFont = 10;   // font.size
constexpr double kLarge = 12;  // axes.titlesize, figure.titlesize
constexpr double kSpine = 0.8;
constexpr double kTick = 3.5;
constexpr double kTickPad = 3.5;
constexpr double kTitlePad = 6;
// Of an outlier's title, which stands between two images: matplotlib's would touch the upper one.
constexpr double kOutlierPad = 4;
constexpr double kLine = 1.5;
// Markers of area 36 with an edge of lines.linewidth in the same colour.
constexpr double kMarkerRadius = 3 + kLine / 2;
// The axes of the points end at 5; numbers are rounded.
constexpr double kMostShown = 5 + 1e-9;
// The loss panel's axis ends here, whatever the losses.
constexpr double kMostLoss = 3;
constexpr std::size_t kMostOutliers = 8;
constexpr double kOutlierLeft = 0.85, kOutlierWidth = 0.06;  // shares of the figure

std::vector<ClassMark> article_marks(std::size_t count) {
  std::vector<ClassMark> marks;
  for (std::size_t i = 0; i < count; ++i) marks.push_back(article_mark(i, count));
  return marks;
}

std::string tick_label(double value, double step) {
  int decimals = 0;
  while (decimals < 6 &&
         std::abs(step * std::pow(10, decimals) - std::round(step * std::pow(10, decimals))) > 1e-6) {
    ++decimals;
  }
  const std::string digits = fmt::format("{:.{}f}", std::abs(value), decimals);
  return (value < 0 ? "\u2212" : "") + digits;
}

}  // namespace

ArticleFigure::ArticleFigure(const Scene& scene)
    : scene_(scene),
      side_(std::min(scene.width, scene.height)),
      text_("DejaVu Sans"),
      // fig.subplots(2, 1, height_ratios=[5, 1], hspace=0.4) within 0.125 to 0.9 and 0.11 to 0.88; the upper
      // one is then made square for its equal axes.
      plane_{square_in(rect(0.125, 0.345278, 0.775, 0.534722)),
             -5,
             5,
             -5,
             5,
             article_ticks(-5, 5, 9),
             article_ticks(-5, 5, 9),
             "PCA of embedding space",
             "pca 1",
             "pca 2"},
      loss_{rect(0.125, 0.11, 0.775, 0.106944),
            0,
            scene.last_epoch > 0 ? scene.last_epoch : 1,
            0,
            kMostLoss,
            {},
            {},
            "Training loss",
            scene.has_epochs ? "epoch" : "step",
            "loss"},
      regions_(plane_.box, PlaneMap(plane_.box, 0), 0, article_marks(scene.class_names.size()),
               Theme::kLight),
      // Marks at the edge of the axes are whole.
      scatter_(plane_.box.inset(-points(4 * kMarkerRadius)), PlaneMap(plane_.box, 0),
               {points(kMarkerRadius), 1}, article_marks(scene.class_names.size()), scene, kWhite,
               {Scatter::Order::kByClass, kMostShown}),
      leftmost_outlier_title_(leftmost_title()),
      legend_(scene, text_, plane_.box, PlaneMap(plane_.box, 0), points(kFont), points(kMarkerRadius),
              leftmost_outlier_title_ - plane_.box.right()) {
  loss_.x_ticks = article_ticks(0, loss_.x_greatest, 9);
  loss_.y_ticks = article_ticks(0, kMostLoss, 3);
}

Rect ArticleFigure::rect(double left, double bottom, double width, double height) const {
  return {left * scene_.width, (1 - bottom - height) * scene_.height, width * scene_.width,
          height * scene_.height};
}

// In the middle, but no farther to the right than in the article's square: there the outliers stand.
Rect ArticleFigure::square_in(const Rect& box) const {
  constexpr double kRightEdge = 0.779861;
  const double right = kRightEdge * scene_.width;
  const double side = std::min(right - box.x, box.h);
  const double x = std::min(box.centre_x() - side / 2, right - side);
  return {x, box.centre_y() - side / 2, side, side};
}

double ArticleFigure::leftmost_title() const {
  double leftmost = scene_.width;
  for (const std::string& name : scene_.class_names)
    leftmost = std::min(leftmost, outlier_title(name, 0).left);
  return leftmost;
}

TextStyle ArticleFigure::text_style(double pt, Align align) const {
  return {.size = kHinted * points(pt), .colour = kBlack, .align = align};
}

void ArticleFigure::draw_labels(Canvas& canvas, const Axes& axes) const {
  const Rect& box = axes.box;
  const double line = points(kFont) * 1.2;
  const double away = points(kTick + kTickPad);
  const auto step = [](const std::vector<double>& ticks) {
    return ticks.size() < 2 ? 1 : ticks[1] - ticks[0];
  };
  for (const double value : axes.x_ticks) {
    text_.draw(canvas, {axes.x(value) - box.w / 8, box.bottom() + away - points(1), box.w / 4, points(kFont)},
               tick_label(value, step(axes.x_ticks)), text_style(kFont, Align::kCentre));
  }
  for (const double value : axes.y_ticks) {
    text_.draw(canvas, {box.x - away - 4 * line, axes.y(value) - line / 2, 4 * line, line},
               tick_label(value, step(axes.y_ticks)), text_style(kFont, Align::kRight));
  }
  text_.draw(canvas, {box.x, title_top(box, kTitlePad), box.w, points(kLarge)}, axes.title,
             text_style(kLarge, Align::kCentre));
  text_.draw(canvas, {box.x, box.bottom() + away + line, box.w, line}, axes.x_label,
             text_style(kFont, Align::kCentre));
  const double labels_width =
      text_.width(tick_label(axes.y_ticks.front(), step(axes.y_ticks)), text_style(kFont, Align::kLeft));
  text_.draw_upwards(canvas, {box.x - away - labels_width - points(4) - line, box.y - box.h, line, 3 * box.h},
                     axes.y_label, text_style(kFont, Align::kCentre));
}

void ArticleFigure::draw_spines(Canvas& canvas, const Axes& axes) const {
  const Rect& box = axes.box;
  const double width = points(kSpine);
  for (const double value : axes.x_ticks) {
    canvas.line(axes.x(value), box.bottom(), axes.x(value), box.bottom() + points(kTick), width, kBlack);
  }
  for (const double value : axes.y_ticks) {
    canvas.line(box.x - points(kTick), axes.y(value), box.x, axes.y(value), width, kBlack);
  }
  canvas.set_colour(kBlack);
  cairo_set_line_width(canvas.context(), width);
  cairo_rectangle(canvas.context(), box.x, box.y, box.w, box.h);
  cairo_stroke(canvas.context());
}

void ArticleFigure::draw_loss(Canvas& canvas, std::int64_t step) const {
  cairo_t* context = canvas.context();
  cairo_save(context);
  canvas.clip(loss_.box);
  cairo_new_path(context);
  for (const CurvePoint& point : scene_.loss) {
    if (point.step > step) break;
    if (!std::isfinite(point.value)) continue;
    cairo_line_to(context, loss_.x(point.epoch), loss_.y(std::min(point.value, 2 * kMostLoss)));
  }
  canvas.set_colour(kRed);
  cairo_set_line_width(context, points(kLine));
  cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke(context);
  cairo_restore(context);
}

double ArticleFigure::title_top(const Rect& box, double pad) const {
  // The baseline is a pad above the box.
  return box.y - points(pad + 0.86 * kLarge);
}

// As wide as high, at the right and at the top of its share of the figure.
Rect ArticleFigure::outlier_box(std::size_t place) const {
  const Rect share = rect(kOutlierLeft, 0.87 - static_cast<double>(place) / 11, kOutlierWidth, 0.07);
  const double side = kOutlierWidth * side_;
  return {share.right() - side, share.y, side, side};
}

ArticleFigure::OutlierTitle ArticleFigure::outlier_title(const std::string& class_name,
                                                         std::size_t place) const {
  return beside_axes(fmt::format("Outlier {} ({})", place, isolated(class_name)), kLarge, place);
}

ArticleFigure::OutlierTitle ArticleFigure::beside_axes(std::string text, double size,
                                                       std::size_t place) const {
  // Over the middle of the image, but neither over the points nor outside the picture: there matplotlib's is
  // cut.
  const double margin = points(4);
  const double least = plane_.box.right() + margin;
  const double most = scene_.width - margin;
  OutlierTitle title;
  title.text = std::move(text);
  title.style = text_.fitted(title.text, text_style(size, Align::kCentre), most - least, 0.7);
  title.width = std::min(text_.width(title.text, title.style), most - least);
  const double middle = outlier_box(place).centre_x();
  title.left = std::clamp(middle - title.width / 2, least, most - title.width);
  return title;
}

void ArticleFigure::draw_outlier(Canvas& canvas, const OutlierEntry& entry, std::size_t place) const {
  const Rect box = outlier_box(place);
  if (entry.image) canvas.image(box, 0, *entry.image, Canvas::Scaling::kCrisp);
  if (!entry.image) {
    const OutlierTitle name = beside_axes(entry.name, kFont, place);
    text_.draw(canvas, {name.left - 1, box.y, name.width + 2, box.h}, name.text, name.style);
  }
  const auto label = static_cast<std::size_t>(entry.label);
  const std::string name =
      label < scene_.class_names.size() ? scene_.class_names[label] : fmt::format("class {}", entry.label);
  const OutlierTitle title = outlier_title(name, place);
  text_.draw(canvas, {title.left - 1, title_top(box, kOutlierPad), title.width + 2, points(kLarge)},
             title.text, title.style);
}

void ArticleFigure::draw_title(Canvas& canvas, std::int64_t step) const {
  const bool is_own = scene_.has_given_title;
  std::string title = is_own ? scene_.title + ", step " : "Fine Tuning Training Step ";
  title += std::to_string(step);
  if (!is_own && scene_.is_of_vit) title += " of a Vision Transformer (ViT)";
  const auto style = text_.fitted(title, text_style(kLarge, Align::kCentre), plane_.box.right(), 0.5);
  // In the middle, or as far to the left as the first outlier's title needs; its top stands at 0.98.
  const double half = text_.width(title, style) / 2;
  const double middle = std::min(scene_.width / 2.0, leftmost_outlier_title_ - points(6) - half);
  text_.draw(canvas, {middle - half - 1, 0.018 * side_, 2 * half + 2, points(kLarge)}, title, style);
}

// Above the title of the axes, where no point lies.
void ArticleFigure::draw_agreement(Canvas& canvas, const Frame& frame) const {
  if (frame.regions.empty()) return;
  const std::string words = words_of_agreement(frame.region_agreement);
  const double line = points(1.5 * kFont);
  const Rect& box = plane_.box;
  text_.draw(canvas, {box.x, title_top(box, kTitlePad) - line, box.w, line}, words,
             text_.fitted(words, text_style(kFont, Align::kCentre), box.w, 0.6));
}

void ArticleFigure::draw_background(Picture& picture) const {
  Canvas canvas(picture);
  canvas.fill_rect({0, 0, static_cast<double>(picture.width), static_cast<double>(picture.height)}, kWhite);
  draw_labels(canvas, plane_);
  draw_labels(canvas, loss_);
  canvas.flush();
}

void ArticleFigure::draw_frame(Picture& picture, const Frame& frame) const {
  regions_.draw(picture, frame.regions);
  scatter_.draw(picture, frame);
  Canvas canvas(picture);
  draw_spines(canvas, plane_);
  legend_.draw(picture, canvas, text_);
  draw_agreement(canvas, frame);
  draw_loss(canvas, frame.step);
  draw_spines(canvas, loss_);
  draw_title(canvas, frame.step);
  const std::size_t count = std::min(frame.outliers.size(), kMostOutliers);
  for (std::size_t i = 0; i < count; ++i) draw_outlier(canvas, frame.outliers[i], i);
  canvas.flush();
}

}  // namespace zoetrope::render
