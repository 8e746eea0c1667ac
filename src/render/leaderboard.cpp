// SPDX-License-Identifier: Apache-2.0
#include "leaderboard.hpp"

#include <algorithm>
#include <cmath>

#include "badge.hpp"
#include "numbers.hpp"

namespace zoetrope::render {
namespace {

// In em of the body.
constexpr double kDistanceWidth = 3.6;
constexpr double kLineHeight = 1.3;
constexpr double kTwoLines = 2.7;  // a row that is as high has two
constexpr double kMarkWidth = 1.0;
constexpr double kLeft = 2.1;                         // of a row's image: there its rank stands
constexpr double kBesideImage = 0.9, kBetween = 0.6;  // words and numbers
// The least width of words beside which numbers have a place: "T-shirt/top" with what the model takes it for
// below it, or beside it.
constexpr double kLeastOfTwoLines = 4.4, kLeastOfOne = 9;

double image_side(double row_height, double unit) {
  return row_height - 2 * std::min(0.08 * row_height, 8 * unit);
}

bool is_wrong(const OutlierEntry& entry) {
  return entry.prediction >= 0 && entry.prediction != entry.label;
}

// A cross where the model is wrong, a tick where it is right, in a square of `size` at the left of `box`.
void draw_mark(Canvas& canvas, const Rect& box, double size, bool wrong, Colour colour, double opacity) {
  const double width = 0.14 * size, half = 0.26 * size;
  const double x = box.x + half + width, y = box.centre_y();
  cairo_t* context = canvas.context();
  cairo_new_path(context);
  if (wrong) {
    cairo_move_to(context, x - half, y - half);
    cairo_line_to(context, x + half, y + half);
    cairo_move_to(context, x - half, y + half);
    cairo_line_to(context, x + half, y - half);
  } else {
    cairo_move_to(context, x - half, y + 0.1 * half);
    cairo_line_to(context, x - 0.25 * half, y + 0.8 * half);
    cairo_line_to(context, x + half, y - 0.8 * half);
  }
  canvas.set_colour(colour, opacity);
  cairo_set_line_width(context, width);
  cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke(context);
}

}  // namespace

double medians_away(double score) {
  constexpr double kLeastScore = 1e-300;  // what is below has become 0
  return std::abs(std::log(std::clamp(score, kLeastScore, 1.0)));
}

Leaderboard::Leaderboard(const Rect& title, std::vector<Rect> rows, double unit, double body, Theme theme,
                         std::vector<std::string> class_names, bool has_images, double farthest)
    : title_(title),
      rows_(std::move(rows)),
      unit_(unit),
      body_(body),
      theme_(theme),
      class_names_(std::move(class_names)),
      has_images_(has_images),
      farthest_(farthest) {}

void Leaderboard::draw_heading(Canvas& canvas, const Typesetter& text) const {
  if (rows_.empty()) return;
  const ThemeColours& theme = theme_colours(theme_);
  const std::string title = has_images_ ? "Most atypical images" : "Most atypical";
  const Rect left{title_.x, title_.y, title_.w - distance_width(), 1.5 * body_};
  const TextStyle bold{.size = body_, .weight = 600, .colour = theme.ink};
  text.draw(canvas, left, title, text.fitted(title, bold, left.w, 0.8));
  if (distance_width() == 0) return;
  const std::string unit = "\u00d7 median";
  const TextStyle soft{.size = 0.82 * body_, .colour = theme.soft_ink, .align = Align::kRight};
  text.draw(canvas, {left.right(), title_.y, distance_width(), 1.5 * body_}, unit,
            text.fitted(unit, soft, distance_width(), 0.7));
}

double Leaderboard::distance_width() const {
  const Rect& row = rows_.front();
  const double image = has_images_ ? image_side(row.h, unit_) + kBesideImage * body_ : 0;
  const double words = row.w - (kLeft + kBetween + kDistanceWidth) * body_ - image;
  const double least = row.h >= kTwoLines * body_ ? kLeastOfTwoLines : kLeastOfOne;
  return words < least * body_ ? 0 : kDistanceWidth * body_;
}

std::string Leaderboard::class_name(std::int64_t label) const {
  const auto index = static_cast<std::size_t>(label);
  return label >= 0 && index < class_names_.size() ? class_names_[index] : "class " + std::to_string(label);
}

void Leaderboard::draw(Canvas& canvas, const Typesetter& text, const std::vector<OutlierEntry>& outliers,
                       double far) const {
  if (rows_.empty()) return;
  canvas.clip({title_.x, title_.bottom(), title_.w, rows_.back().bottom() - title_.bottom()});
  // The worst last: where rows cross, it passes in front; and all pass in front of those that come or go.
  for (const bool stays : {false, true}) {
    for (std::size_t i = outliers.size(); i-- > 0;) {
      const OutlierEntry& entry = outliers[i];
      const double place = entry.place < 0 ? static_cast<double>(i) : entry.place;
      const std::int64_t rank = entry.rank > 0 ? entry.rank : static_cast<std::int64_t>(i) + 1;
      if (entry.opacity > 0 && (entry.opacity >= 1) == stays && place < static_cast<double>(rows_.size()))
        draw_row(canvas, text, entry, rank, place, far);
    }
  }
  canvas.unclip();
}

// The class, and what the model takes the image for; where there is no image to see, first the name, which
// stands alone where there is one class.
void Leaderboard::draw_words(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry,
                             const Rect& box, double opacity) const {
  const bool is_named = !has_images_ && !entry.name.empty();
  const bool has_class = !is_named || class_names_.size() > 1;
  const bool has_two = (is_named && has_class) || entry.prediction >= 0;
  if (has_two && box.h >= kTwoLines * body_) return draw_two_lines(canvas, text, entry, box, opacity);
  const ThemeColours& theme = theme_colours(theme_);
  std::string words = is_named ? isolated(entry.name) : "";
  if (has_class) words += (is_named ? ", " : "") + isolated(class_name(entry.label));
  if (is_wrong(entry)) words += " \u2192 " + isolated(class_name(entry.prediction));
  const double mark = is_wrong(entry) ? kMarkWidth * body_ : 0;
  if (is_wrong(entry)) draw_mark(canvas, box, body_, true, theme.loss, opacity);
  const TextStyle style{.size = body_, .colour = theme.ink};
  text.draw(canvas, {box.x + mark, box.y, box.w - mark, box.h}, words,
            text.fitted(words, style, box.w - mark, 0.8), opacity);
}

void Leaderboard::draw_two_lines(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry,
                                 const Rect& box, double opacity) const {
  const ThemeColours& theme = theme_colours(theme_);
  const bool is_named = !has_images_ && !entry.name.empty();
  const bool wrong = is_wrong(entry), is_known = entry.prediction >= 0;
  const std::string first = is_named ? entry.name : class_name(entry.label);
  const Rect above{box.x, box.centre_y() - kLineHeight * body_, box.w, kLineHeight * body_};
  const double mark = is_known ? kMarkWidth * body_ : 0;
  const Rect below{box.x + mark, box.centre_y(), box.w - mark, kLineHeight * body_};
  const TextStyle name{.size = body_, .weight = is_named ? 600 : 400, .colour = theme.ink};
  text.draw(canvas, above, first, text.fitted(first, name, above.w, 0.8), opacity);
  const TextStyle said{.size = 0.9 * body_, .colour = wrong ? theme.loss : theme.soft_ink};
  const std::string shown = wrong ? isolated(class_name(entry.prediction)) : "";
  std::string second = is_named ? isolated(class_name(entry.label)) + (wrong ? " \u2192 " + shown : "")
                       : !wrong ? "predicted"
                                : "predicted " + shown;
  constexpr double kStillReadable = 0.9;
  if (wrong && kStillReadable * text.width(second, said) > below.w) second = shown;
  text.draw(canvas, below, second, text.fitted(second, said, below.w, 0.75), opacity);
  if (is_known) draw_mark(canvas, {box.x, below.y, mark, below.h}, 0.9 * body_, wrong, said.colour, opacity);
}

// Where there is room, under the number: how far away this image is, the part up to where 99 of 100 images
// lie darker. Among fewer than 100 it can itself be nearer than that.
void Leaderboard::draw_distance(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry,
                                const Rect& box, double far, double opacity) const {
  const ThemeColours& theme = theme_colours(theme_);
  const double distance = medians_away(entry.score);
  const bool has_bar = farthest_ > 0 && box.h >= kTwoLines * body_;
  const std::string number = format_multiple(distance);
  const TextStyle style{.size = body_, .colour = theme.ink, .align = Align::kRight};
  const Rect line =
      has_bar ? Rect{box.x, box.centre_y() - kLineHeight * body_, box.w, kLineHeight * body_} : box;
  text.draw(canvas, line, number, text.fitted(number, style, line.w, 0.6), opacity);
  if (!has_bar) return;
  const double height = 0.36 * body_;
  draw_bar(canvas, {box.x, box.centre_y() + (kLineHeight * body_ - height) / 2, box.w, height}, distance, far,
           opacity);
}

void Leaderboard::draw_bar(Canvas& canvas, const Rect& track, double distance, double far,
                           double opacity) const {
  const ThemeColours& theme = theme_colours(theme_);
  const double radius = track.h / 2;
  const auto up_to = [&](double value) {
    return Rect{track.x, track.y, std::max(track.h, track.w * std::min(1.0, value / farthest_)), track.h};
  };
  canvas.fill_rounded(track, radius, theme.grid, opacity);
  canvas.fill_rounded(up_to(distance), radius, theme.accuracy, 0.45 * opacity);
  if (far > 0) canvas.fill_rounded(up_to(std::min(far, distance)), radius, theme.accuracy, opacity);
}

void Leaderboard::draw_row(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry,
                           std::int64_t rank, double place, double far) const {
  const ThemeColours& theme = theme_colours(theme_);
  const double opacity = entry.opacity;
  Rect row = rows_.front();
  row.y += row.h * place;
  // What a row passes over is hidden by it.
  canvas.fill_rect(row, theme.background, opacity);

  const double radius = std::min(0.68 * body_, 0.45 * row.h);
  const BadgeStyle badge{radius, 1.8 * unit_ + 0.3, theme_, class_names_.size()};
  draw_badge(canvas, text, {row.x + 0.7 * body_, row.centre_y(), rank, entry.label, opacity}, badge);
  const double side = image_side(row.h, unit_);
  const Rect picture{row.x + kLeft * body_, row.centre_y() - side / 2, side, side};
  if (entry.image) canvas.image(picture, 5 * unit_, *entry.image, Canvas::Scaling::kSmooth, opacity);

  // One picture fades into another, but of two lines of text at one place neither could be read: the words of
  // a row that leaves are gone before those of the one that comes in its place.
  const double words = std::max(0.0, 2 * opacity - 1);
  const double left = has_images_ ? picture.right() + kBesideImage * body_ : picture.x;
  const Rect number{row.right() - distance_width(), row.y, distance_width(), row.h};
  const double end = number.empty() ? row.right() : number.x - kBetween * body_;
  draw_words(canvas, text, entry, {left, row.y, end - left, row.h}, words);
  if (!number.empty()) draw_distance(canvas, text, entry, number, far, words);
}

}  // namespace zoetrope::render
