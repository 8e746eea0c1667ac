// SPDX-License-Identifier: Apache-2.0
#include "leaderboard.hpp"

#include <algorithm>
#include <cmath>

#include "badge.hpp"
#include "numbers.hpp"

namespace zoetrope::render {
namespace {

constexpr double kScoreWidth = 3.6;  // em of the body

}  // namespace

Leaderboard::Leaderboard(const Rect& title, std::vector<Rect> rows, double unit, double body, Theme theme,
                         std::vector<std::string> class_names, bool has_images)
    : title_(title),
      rows_(std::move(rows)),
      unit_(unit),
      body_(body),
      theme_(theme),
      class_names_(std::move(class_names)),
      has_images_(has_images) {}

void Leaderboard::draw_heading(Canvas& canvas, const Typesetter& text) const {
  if (rows_.empty()) return;
  const ThemeColours& theme = theme_colours(theme_);
  const std::string title = has_images_ ? "Most atypical images" : "Most atypical";
  const double score_width = kScoreWidth * body_;
  const Rect left{title_.x, title_.y, title_.w - score_width, 1.5 * body_};
  const TextStyle bold{.size = body_, .weight = 600, .colour = theme.ink};
  text.draw(canvas, left, title, text.fitted(title, bold, left.w, 0.8));
  text.draw(canvas, {left.right(), title_.y, score_width, 1.5 * body_}, "score",
            {.size = 0.82 * body_, .colour = theme.soft_ink, .align = Align::kRight});
}

std::string Leaderboard::class_name(std::int64_t label) const {
  const auto index = static_cast<std::size_t>(label);
  return label >= 0 && index < class_names_.size() ? class_names_[index] : "class " + std::to_string(label);
}

void Leaderboard::draw(Canvas& canvas, const Typesetter& text,
                       const std::vector<OutlierEntry>& outliers) const {
  if (rows_.empty()) return;
  canvas.clip({title_.x, title_.bottom(), title_.w, rows_.back().bottom() - title_.bottom()});
  // The worst last: where rows cross, it passes in front; and all pass in front of those that come or go.
  for (const bool stays : {false, true}) {
    for (std::size_t i = outliers.size(); i-- > 0;) {
      const OutlierEntry& entry = outliers[i];
      const double place = entry.place < 0 ? static_cast<double>(i) : entry.place;
      const std::int64_t rank = entry.rank > 0 ? entry.rank : static_cast<std::int64_t>(i) + 1;
      if (entry.opacity > 0 && (entry.opacity >= 1) == stays && place < static_cast<double>(rows_.size()))
        draw_row(canvas, text, entry, rank, place);
    }
  }
  canvas.unclip();
}

// The class; where there is no image to see, under the name, and the name alone where there is one class.
void Leaderboard::draw_words(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry,
                             const Rect& box, double opacity) const {
  constexpr double kTwoLines = 2.7, kLine = 1.3;  // em
  const ThemeColours& theme = theme_colours(theme_);
  const std::string name = class_name(entry.label);
  const bool is_named = !has_images_ && !entry.name.empty();
  const bool has_two = is_named && class_names_.size() > 1;
  if (!has_two || box.h < kTwoLines * body_) {
    const std::string words = has_two ? entry.name + ", " + name : is_named ? entry.name : name;
    text.draw(canvas, box, words, {.size = body_, .colour = theme.ink}, opacity);
    return;
  }
  const double top = box.centre_y() - kLine * body_;
  text.draw(canvas, {box.x, top, box.w, kLine * body_}, entry.name,
            {.size = body_, .weight = 600, .colour = theme.ink}, opacity);
  text.draw(canvas, {box.x, box.centre_y(), box.w, kLine * body_}, name,
            {.size = 0.9 * body_, .colour = theme.soft_ink}, opacity);
}

void Leaderboard::draw_row(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry,
                           std::int64_t rank, double place) const {
  const ThemeColours& theme = theme_colours(theme_);
  const double opacity = entry.opacity;
  Rect row = rows_.front();
  row.y += row.h * place;
  // What a row passes over is hidden by it.
  canvas.fill_rect(row, theme.background, opacity);

  const double pad = std::min(0.08 * row.h, 8 * unit_);
  const double radius = std::min(0.68 * body_, 0.45 * row.h);
  const BadgeStyle badge{radius, 1.8 * unit_ + 0.3, theme_, class_names_.size()};
  draw_badge(canvas, text, {row.x + 0.7 * body_, row.centre_y(), rank, entry.label, opacity}, badge);
  const double side = row.h - 2 * pad;
  const Rect picture{row.x + 2.1 * body_, row.y + pad, side, side};
  if (entry.image) canvas.image(picture, 5 * unit_, *entry.image, Canvas::Scaling::kSmooth, opacity);

  // One picture fades into another, but of two lines of text at one place neither could be read: the words of
  // a row that leaves are gone before those of the one that comes in its place.
  const double words = std::max(0.0, 2 * opacity - 1);
  const double left = has_images_ ? picture.right() + 0.9 * body_ : picture.x;
  const Rect number{row.right() - kScoreWidth * body_, row.y, kScoreWidth * body_, row.h};
  draw_words(canvas, text, entry, {left, row.y, number.x - 0.6 * body_ - left, row.h}, words);
  const std::string score = format_score(entry.score);
  const TextStyle style{.size = body_, .colour = theme.soft_ink, .align = Align::kRight};
  text.draw(canvas, number, score, text.fitted(score, style, number.w, 0.6), words);
}

}  // namespace zoetrope::render
