// SPDX-License-Identifier: Apache-2.0
#include "curves.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "zoetrope/support/text.hpp"

namespace zoetrope::render {
namespace {

constexpr double kHeadroom = 1.04;
// In em of the body.
constexpr double kValueWidth = 3.9;  // of the value in the heading
constexpr double kGutter = 2.6;      // for the ticks' labels
constexpr double kHeadRoom = 0.4;    // for the curve's head at the end of the axis
// A curve whose values are all closer to 0 is one of zeros: the steps between ticks would round to nothing.
// Values farther from 0 leave the picture.
constexpr double kLeastGreatest = 1e-300;
constexpr double kMostGreatest = 1e300;
constexpr double kMostEpochs = 1e15;   // that are counted
constexpr double kHeldOpacity = 0.45;  // of a value that is kept for want of a later one

// The least of 1, 2, 5 times a power of ten that is not below `value`.
double round_step(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= value * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::vector<CurvePoint> finite(std::vector<CurvePoint> points) {
  std::erase_if(points, [](const CurvePoint& point) { return !std::isfinite(point.value + point.epoch); });
  std::stable_sort(points.begin(), points.end(),
                   [](const CurvePoint& a, const CurvePoint& b) { return a.step < b.step; });
  return points;
}

// Shares are shown against the whole.
const ValueAxis kPercentAxis = {kHeadroom, {0, 0.5, 1}};

}  // namespace

ValueAxis value_axis(const std::vector<CurvePoint>& points, std::size_t most_ticks) {
  double greatest = 0;
  for (const CurvePoint& point : points) {
    if (std::isfinite(point.value)) greatest = std::max(greatest, std::min(point.value, kMostGreatest));
  }
  if (greatest < kLeastGreatest) greatest = 1;
  ValueAxis axis;
  axis.greatest = kHeadroom * greatest;
  const double step = round_step(axis.greatest / static_cast<double>(std::max<std::size_t>(most_ticks, 2)));
  for (int i = 0; i * step <= axis.greatest; ++i) axis.ticks.push_back(i * step);
  return axis;
}

TimeAxis time_axis(double last_epoch, std::int64_t last_step, bool has_epochs) {
  if (!has_epochs)  // step 0 alone has no length
    return {std::max(1.0, last_epoch), "step", support::format_count(std::max<std::int64_t>(1, last_step))};
  if (!(last_epoch > 0)) return {};
  if (last_epoch < 1 && last_step > 0) return {last_epoch, "step", support::format_count(last_step)};
  return {last_epoch, "epoch",
          last_epoch < 999.5 ? fmt::format("{:.3g}", last_epoch)
                             : support::format_count(std::llround(std::min(last_epoch, kMostEpochs)))};
}

CurvePanel::CurvePanel(const Rect& box, double unit, double body, const CurveStyle& style,
                       const ThemeColours& theme, const std::vector<CurvePoint>& points, TimeAxis time)
    : unit_(unit),
      body_(body),
      style_(style),
      theme_(theme),
      heading_{box.x, box.y, box.w - kHeadRoom * body, 1.5 * body},
      plot_{box.x + kGutter * body, box.y + 2 * body, box.w - (kGutter + kHeadRoom) * body,
            box.h - 3.5 * body},
      time_(std::move(time)),
      axis_(style.notation == Notation::kPercent ? kPercentAxis
                                                 : value_axis(points, plot_.h > 6 * body ? 4 : 3)),
      points_(finite(points)),
      vertices_(thin_out()) {}

double CurvePanel::x(double epoch) const {
  return plot_.x + plot_.w * std::clamp(epoch / time_.last_epoch, 0.0, 1.0);
}

double CurvePanel::y(double value) const {
  // What lies outside of the plot need not lie farther than Cairo can count.
  return plot_.bottom() - plot_.h * std::clamp(value / axis_.greatest, -2.0, 2.0);
}

std::vector<CurvePanel::Vertex> CurvePanel::thin_out() const {
  std::vector<Vertex> kept;
  std::size_t column_start = 0;  // in kept: the first vertex of the pixel column being filled
  for (const CurvePoint& point : points_) {
    const Vertex vertex{x(point.epoch), y(point.value), point.value, point.step};
    if (kept.empty() || std::floor(vertex.x) != std::floor(kept.back().x)) column_start = kept.size();
    kept.push_back(vertex);
    // First, least, greatest and last of a column; a fifth point replaces one that none of these is.
    if (kept.size() - column_start <= 4) continue;
    const auto begin = kept.begin() + static_cast<std::ptrdiff_t>(column_start);
    const auto by_value = [](const Vertex& a, const Vertex& b) { return a.value < b.value; };
    const auto least = std::min_element(begin, kept.end(), by_value);
    const auto greatest = std::max_element(begin, kept.end(), by_value);
    for (auto it = begin + 1; it != kept.end() - 1; ++it) {
      if (it != least && it != greatest) {
        kept.erase(it);
        break;
      }
    }
  }
  return kept;
}

void CurvePanel::draw_axes(Canvas& canvas, const Typesetter& text) const {
  const TextStyle name{.size = body_, .weight = 600, .colour = theme_.ink};
  const Rect left{heading_.x, heading_.y, heading_.w - (kValueWidth + 0.3) * body_, heading_.h};
  constexpr double kStillReadable = 0.85;
  const auto fits = [&](const std::string& shown) {
    return kStillReadable * text.width(shown, name) <= left.w;
  };
  const auto found = std::ranges::find_if(style_.names, fits);
  const std::string& shown = found == style_.names.end() ? style_.names.back() : *found;
  text.draw(canvas, left, shown, text.fitted(shown, name, left.w, kStillReadable));

  TextStyle tick{.size = 0.76 * body_, .colour = theme_.soft_ink, .align = Align::kRight};
  const double hairline = std::max(1.0, unit_);
  for (const double value : axis_.ticks) {
    const double at = std::floor(y(value)) + hairline / 2;
    canvas.line(plot_.x, at, plot_.right(), at, hairline, theme_.grid);
    const std::string printed = format_tick(value, style_.notation);
    const Rect gutter{heading_.x, at - body_ / 2, plot_.x - heading_.x - 0.5 * body_, body_};
    text.draw(canvas, gutter, printed, text.fitted(printed, tick, gutter.w, 0.6));
  }
  const Rect below{plot_.x, plot_.bottom() + 0.3 * body_, plot_.w, 1.1 * body_};
  tick.align = Align::kLeft;
  text.draw(canvas, below, "0", tick);
  tick.align = Align::kCentre;
  text.draw(canvas, below, time_.unit, tick);
  tick.align = Align::kRight;
  text.draw(canvas, below, time_.end, tick);
}

std::vector<CurvePoint>::const_iterator CurvePanel::last_point(std::int64_t step) const {
  const auto next = std::find_if(points_.begin(), points_.end(),
                                 [&](const CurvePoint& point) { return point.step > step; });
  return next == points_.begin() ? points_.end() : next - 1;
}

CurvePoint CurvePanel::head_after(std::vector<CurvePoint>::const_iterator last, double epoch) const {
  CurvePoint head = *last;
  const auto next = last + 1;
  if (next != points_.end() && epoch > head.epoch && next->epoch > head.epoch) {
    const double share = std::min(1.0, (epoch - head.epoch) / (next->epoch - head.epoch));
    head.epoch += (next->epoch - head.epoch) * share;
    head.value += (next->value - head.value) * share;
  }
  return head;
}

void CurvePanel::stroke(Canvas& canvas, double opacity) const {
  cairo_t* context = canvas.context();
  cairo_set_line_width(context, 2.4 * unit_ + 0.4);
  cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND);
  canvas.set_colour(style_.colour, opacity);
  cairo_stroke(context);
}

void CurvePanel::draw_curve(Canvas& canvas, const Typesetter& text, std::int64_t step, double epoch) const {
  const auto last = last_point(step);
  if (last == points_.end()) return;
  const CurvePoint end = head_after(last, epoch);
  const double end_x = x(end.epoch);
  const double head_x = std::max(end_x, x(epoch));
  const double head_y = y(end.value);
  cairo_t* context = canvas.context();
  cairo_new_path(context);
  for (const Vertex& vertex : vertices_) {
    if (vertex.step > step) break;
    cairo_line_to(context, vertex.x, vertex.y);
  }
  cairo_line_to(context, end_x, head_y);
  stroke(canvas, 1);
  if (head_x > end_x) {
    cairo_move_to(context, end_x, head_y);
    cairo_line_to(context, head_x, head_y);
    stroke(canvas, kHeldOpacity);
  }
  canvas.fill_disc(head_x, head_y, 5.5 * unit_ + 1.2, theme_.background);
  canvas.fill_disc(head_x, head_y, 4.2 * unit_ + 0.8, style_.colour);

  const std::string number = format_value(last->value, style_.notation);
  const TextStyle value{.size = 1.06 * body_, .weight = 600, .colour = style_.colour, .align = Align::kRight};
  const double width = kValueWidth * body_;
  text.draw(canvas, {heading_.right() - width, heading_.y, width, heading_.h}, number,
            text.fitted(number, value, width, 0.6));
}

}  // namespace zoetrope::render
