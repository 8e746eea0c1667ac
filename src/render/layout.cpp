// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/error.hpp"

#include "legend_grid.hpp"

namespace zoetrope::render {
namespace {

// Aspect ratios.
constexpr double kWideFrom = 1.3;
constexpr double kTallUpTo = 0.7;
// Pixels where the shorter side has 1080.
constexpr double kBody = 17;
constexpr double kCurveGap = 26;
constexpr double kHighStrip = 340;  // of the square composition's lower part: here the legend stands on top
constexpr double kMostCurveHeight = 400;  // higher ones only look steep
constexpr double kLegendRow = 27;
constexpr std::array<double, 3> kStatWidths = {112, 106, 166};  // step, epoch, explained variance
constexpr double kStatsWidth = 384;
constexpr double kStatsLine = 28;
// In em of the body.
constexpr double kCertificate = 1.4, kAboveCertificate = 0.2;
// What an outlier's row has beside its image (Leaderboard), with a name that can be read.
constexpr double kBesideThumbnail = 13.7;

// The work of laying out one frame.
class Composer {
 public:
  explicit Composer(const LayoutRequest& request) : request_(request) {
    unit_ = out_.unit = std::min(request.width, request.height) / 1080.0;
    text_ = unit_ >= 1 ? unit_ : std::pow(unit_, 0.6);
    out_.body = kBody * text_;
    margin_ = 48 * unit_;
    gap_ = 44 * unit_;
  }

  FrameLayout wide();
  FrameLayout square();
  FrameLayout tall();

 private:
  Rect page() const {
    return Rect{0, 0, static_cast<double>(request_.width), static_cast<double>(request_.height)}.inset(
        margin_);
  }
  double text(double size) const { return size * text_; }
  // The title and the line below it; numbers beside them are as high.
  double header_height() const { return text(74); }
  double title_height() const { return text(request_.has_subtitle ? 74 : 50); }
  StatsPlace beside_title_or_below() const {
    return page().w * 0.5 < text(kStatsWidth) ? StatsPlace::kLine : StatsPlace::kBeside;
  }

  // What stacked curves need at least, with the space above them.
  double least_stack() const {
    return static_cast<double>(request_.num_curves) * (5.4 * out_.body + kCurveGap * unit_) + 30 * unit_;
  }

  // What the line below the points takes, with the space above it.
  double strip() const { return (kAboveCertificate + kCertificate) * out_.body; }

  // A square whose left top corner is at (x, y), and the line below it.
  void plane(double x, double y, double side);
  // Gives the height that it takes.
  double header(const Rect& box, StatsPlace stats);
  void stats(const Rect& box);
  // Fills `box` from the top with as many class names as fit; gives the height used.
  double legend(const Rect& box);
  void leaderboard(const Rect& box);
  void curves_stacked(const Rect& box);
  void curves_in_a_row(const Rect& box);

  LayoutRequest request_;
  FrameLayout out_;
  double unit_ = 1;
  double text_ = 1;
  double margin_ = 0;
  double gap_ = 0;
};

void Composer::stats(const Rect& box) {
  double x = box.x;
  for (std::size_t i = 0; i < out_.stats.size(); ++i) {
    out_.stats[i] = {x, box.y, box.w * kStatWidths[i] / kStatsWidth, box.h};
    x = out_.stats[i].right();
  }
}

void Composer::plane(double x, double y, double side) {
  out_.scatter = {x, y, side, side};
  out_.certificate = {x, y + side + kAboveCertificate * out_.body, side, kCertificate * out_.body};
}

double Composer::header(const Rect& box, StatsPlace place) {
  out_.stats_place = place;
  const bool is_beside = place == StatsPlace::kBeside;
  const double full = place == StatsPlace::kLine ? box.w : std::min(text(kStatsWidth), box.w * 0.85);
  const double width = is_beside ? box.w - full - gap_ / 2 : box.w;
  out_.title = {box.x, box.y, width, text(44)};
  if (request_.has_subtitle) out_.subtitle = {box.x, box.y + text(46), width, text(26)};
  if (is_beside) {
    stats({box.right() - full, box.y, full, text(66)});
    return header_height();
  }
  const double above = place == StatsPlace::kBelow ? 14 * unit_ : 0;
  const double height = text(place == StatsPlace::kBelow ? 66 : kStatsLine);
  stats({box.x, box.y + title_height() + above, full, height});
  return title_height() + above + height;
}

double Composer::legend(const Rect& box) {
  if (request_.num_classes == 0) return 0;
  const auto [body, most_columns, most_rows] =
      legend_grid(box, request_.num_classes, request_.longest_name_em, out_.body, text(kLegendRow));
  out_.legend_body = body;
  const double row_height = body / out_.body * text(kLegendRow);
  const std::size_t cells = most_columns * most_rows;
  const std::size_t shown = request_.num_classes <= cells ? request_.num_classes : cells - 1;
  const std::size_t used = shown < request_.num_classes ? shown + 1 : shown;
  const std::size_t columns = best_columns(used, most_columns, most_rows);
  const std::size_t rows = (used + columns - 1) / columns;
  const double column_width = box.w / static_cast<double>(columns);
  for (std::size_t i = 0; i < used; ++i) {
    const std::size_t column = i / rows;
    const Rect entry{box.x + column_width * static_cast<double>(column),
                     box.y + row_height * static_cast<double>(i % rows), column_width - 0.5 * body,
                     row_height};
    if (i < shown) {
      out_.legend.push_back(entry);
    } else {
      out_.legend_rest = entry;
    }
  }
  out_.classes_without_entry = request_.num_classes - shown;
  return row_height * static_cast<double>(rows);
}

void Composer::leaderboard(const Rect& box) {
  if (request_.num_outliers == 0) return;
  const double title_height = text(34);
  out_.leaderboard_title = {box.x, box.y, box.w, title_height};
  const Rect list{box.x, box.y + title_height, box.w, box.h - title_height};
  // A row lower than a line of text shows nothing: fewer rows then.
  const auto fitting = static_cast<std::size_t>(std::max(1.0, std::floor(list.h / text(20))));
  const std::size_t rows = std::min(request_.num_outliers, fitting);
  const double most = std::max(128 * unit_, box.w - kBesideThumbnail * out_.body);
  const double pitch = std::min(list.h / static_cast<double>(rows), most);
  for (std::size_t i = 0; i < rows; ++i) {
    out_.rows.push_back({list.x, list.y + pitch * static_cast<double>(i), list.w, pitch});
  }
}

void Composer::curves_stacked(const Rect& box) {
  const double gap = kCurveGap * unit_;
  const auto count = static_cast<double>(request_.num_curves);
  const double height = std::min((box.h - gap * (count - 1)) / count, kMostCurveHeight * unit_);
  for (std::size_t i = 0; i < request_.num_curves; ++i) {
    out_.curves.push_back({box.x, box.y + (height + gap) * static_cast<double>(i), box.w, height});
  }
}

void Composer::curves_in_a_row(const Rect& box) {
  const auto count = static_cast<double>(request_.num_curves);
  const double width = (box.w - gap_ * (count - 1)) / count;
  for (std::size_t i = 0; i < request_.num_curves; ++i) {
    out_.curves.push_back({box.x + (width + gap_) * static_cast<double>(i), box.y, width,
                           std::min(box.h, kMostCurveHeight * unit_)});
  }
}

// Scatter | legend over curves | leaderboard.
FrameLayout Composer::wide() {
  const Rect page = this->page();
  const double top = page.y + header(page, StatsPlace::kBeside) + 26 * unit_;
  const double height = page.bottom() - top;
  const double side = std::min(height - strip(), page.w * 0.56);
  plane(page.x, top + (height - strip() - side) / 2, side);

  Rect right{page.x + side + gap_, top, page.w - side - gap_, height};
  if (request_.num_outliers > 0) {
    const double width = std::min((right.w - gap_) * 0.46, 460 * unit_);
    leaderboard({right.right() - width, top, width, height});
    right.w -= width + gap_;
  }
  const double used = legend({right.x, top, right.w, std::min(height * 0.36, height - least_stack())});
  const double space = used > 0 ? 30 * unit_ : 0;
  curves_stacked({right.x, top + used + space, right.w, height - used - space});
  return out_;
}

// Scatter | leaderboard, over legend | curves, or over legend over curves where that is high enough.
FrameLayout Composer::square() {
  const Rect page = this->page();
  const double top = page.y + header(page, beside_title_or_below()) + 22 * unit_;
  const double height = page.bottom() - top;
  const bool outliers = request_.num_outliers > 0;
  const double side = std::min((height - strip()) * 0.72, page.w * (outliers ? 0.68 : 0.72));
  const Rect beside{page.x + side + gap_ * 0.8, top, page.w - side - gap_ * 0.8, side};
  const double below = top + side + strip() + 16 * unit_;
  const Rect strip{page.x, below, page.w, page.bottom() - below};
  plane(page.x, top, side);
  if (outliers) {
    leaderboard(beside);
    if (strip.h > kHighStrip * unit_) {
      const double used = legend({strip.x, strip.y, strip.w, strip.h * 0.4}) + 30 * unit_;
      curves_in_a_row({strip.x, strip.y + used, strip.w, strip.h - used});
      return out_;
    }
    const double width = strip.w * 0.30;
    const double used = legend({strip.x, strip.y, width, strip.h});
    const double start = used > 0 ? width + gap_ : 0;
    curves_in_a_row({strip.x + start, strip.y, strip.w - start, strip.h});
  } else {
    legend(beside);
    curves_in_a_row(strip);
  }
  return out_;
}

// Scatter over legend over leaderboard | curves.
FrameLayout Composer::tall() {
  const Rect page = this->page();
  double top = page.y + header(page, StatsPlace::kBelow) + 24 * unit_;
  const double below =
      strip() + std::max((page.bottom() - top) * 0.34, least_stack() + text(3 * kLegendRow) + 46 * unit_);
  const double side = std::min(page.w, page.bottom() - top - below);
  plane(page.x + (page.w - side) / 2, top, side);
  top += side + strip() + 16 * unit_;
  const double left = page.bottom() - top;
  const double used = legend({page.x, top, page.w, std::min(left * 0.3, left - least_stack())});
  top += used + (used > 0 ? 24 * unit_ : 0);
  Rect strip{page.x, top, page.w, page.bottom() - top};
  if (request_.num_outliers > 0) {
    const double width = (strip.w - gap_) * 0.46;
    leaderboard({strip.x, strip.y, width, strip.h});
    strip.x += width + gap_;
    strip.w -= width + gap_;
  }
  curves_stacked(strip);
  return out_;
}

}  // namespace

void check_picture_size(int width, int height) {
  const int shorter = std::min(width, height);
  const int longer = std::max(width, height);
  if (shorter >= kLeastSide && longer <= kMostSide && longer <= kMostElongated * shorter) return;
  throw UsageError("--size " + std::to_string(width) + "x" + std::to_string(height) +
                   " cannot be laid out: give sides from " + std::to_string(kLeastSide) + " to " +
                   std::to_string(kMostSide) + " pixels, the longer at most " +
                   std::to_string(static_cast<int>(kMostElongated)) + " times the shorter");
}

std::vector<Rect> FrameLayout::boxes() const {
  std::vector<Rect> all{title, subtitle, scatter, certificate, legend_rest, leaderboard_title};
  all.insert(all.end(), stats.begin(), stats.end());
  all.insert(all.end(), legend.begin(), legend.end());
  all.insert(all.end(), rows.begin(), rows.end());
  all.insert(all.end(), curves.begin(), curves.end());
  std::erase_if(all, [](const Rect& box) { return box.empty(); });
  return all;
}

FrameLayout lay_out(const LayoutRequest& request) {
  check_picture_size(request.width, request.height);
  const double aspect = static_cast<double>(request.width) / request.height;
  Composer composer(request);
  if (aspect >= kWideFrom) return composer.wide();
  return aspect <= kTallUpTo ? composer.tall() : composer.square();
}

}  // namespace zoetrope::render
