// SPDX-License-Identifier: Apache-2.0
#include "leaderboard.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace zoetrope::render {

Colour label_colour(std::int64_t label, std::size_t num_classes, Theme theme) {
  if (label < 0 || static_cast<std::size_t>(label) >= num_classes) return theme_colours(theme).soft_ink;
  return class_mark(static_cast<std::size_t>(label), theme).colour;
}

Leaderboard::Leaderboard(const Rect& title, std::vector<Rect> rows, double unit, double body, Theme theme,
                         std::vector<std::string> class_names)
    : title_(title),
      rows_(std::move(rows)),
      unit_(unit),
      body_(body),
      theme_(theme),
      class_names_(std::move(class_names)) {}

void Leaderboard::draw_heading(Canvas& canvas, const Typesetter& text) const {
  if (rows_.empty()) return;
  const ThemeColours& theme = theme_colours(theme_);
  text.draw(canvas, {title_.x, title_.y, title_.w * 0.6, 1.5 * body_}, "Most atypical images",
            {.size = body_, .weight = 600, .colour = theme.ink});
  text.draw(canvas, {title_.x + title_.w * 0.6, title_.y, title_.w * 0.4, 1.5 * body_}, "score",
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
  // The worst last: where rows cross, it passes in front.
  for (std::size_t i = std::min(outliers.size(), rows_.size() + 2); i-- > 0;) {
    const double place = outliers[i].place < 0 ? static_cast<double>(i) : outliers[i].place;
    if (outliers[i].opacity > 0 && place < static_cast<double>(rows_.size()))
      draw_row(canvas, text, outliers[i], i, place);
  }
  canvas.unclip();
}

void Leaderboard::draw_row(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry,
                           std::size_t rank, double place) const {
  const ThemeColours& theme = theme_colours(theme_);
  Rect row = rows_.front();
  row.y += row.h * place;
  const double opacity = entry.opacity;
  canvas.fill_rect(row, theme.background, opacity);

  const double pad = std::min(0.08 * row.h, 8 * unit_);
  const double side = row.h - 2 * pad;
  const double rank_width = 1.7 * body_;
  text.draw(canvas, {row.x, row.y, rank_width - 0.5 * body_, row.h}, std::to_string(rank + 1),
            {.size = 1.1 * body_, .weight = 600, .colour = theme.soft_ink, .align = Align::kRight}, opacity);
  const Rect picture{row.x + rank_width, row.y + pad, side, side};
  canvas.image(picture, 5 * unit_, entry.image, opacity);

  const double score_width = 3.4 * body_;
  const Rect beside{picture.right() + 0.9 * body_, row.y, row.right() - picture.right() - 0.9 * body_, row.h};
  const Colour colour = label_colour(entry.label, class_names_.size(), theme_);
  canvas.fill_disc(beside.x + 0.35 * body_, beside.centre_y(), 0.33 * body_, colour, opacity);
  text.draw(canvas, {beside.x + 1.1 * body_, beside.y, beside.w - 1.5 * body_ - score_width, beside.h},
            class_name(entry.label), {.size = body_, .colour = theme.ink}, opacity);
  text.draw(canvas, {beside.right() - score_width, beside.y, score_width, beside.h},
            fmt::format("{:.3f}", entry.score), {.size = body_, .colour = theme.ink, .align = Align::kRight},
            opacity);
}

}  // namespace zoetrope::render
