// SPDX-License-Identifier: Apache-2.0
// The worst outliers of a frame: image or name, rank, class, what the model takes it for, and how far it lies
// from its neighbours, one row each.
#pragma once

#include <string>
#include <vector>

#include "canvas.hpp"
#include "geometry.hpp"
#include "text.hpp"

namespace zoetrope::render {

class Leaderboard {
 public:
  Leaderboard(const Rect& title, std::vector<Rect> rows, double unit, double body, Theme theme,
              std::vector<std::string> class_names, bool has_images, double farthest);

  void draw_heading(Canvas& canvas, const Typesetter& text) const;
  // `far`: as Frame.
  void draw(Canvas& canvas, const Typesetter& text, const std::vector<OutlierEntry>& outliers,
            double far) const;

 private:
  void draw_row(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry, std::int64_t rank,
                double place, double far) const;
  void draw_words(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry, const Rect& box,
                  double opacity) const;
  void draw_two_lines(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry, const Rect& box,
                      double opacity) const;
  void draw_distance(Canvas& canvas, const Typesetter& text, const OutlierEntry& entry, const Rect& box,
                     double far, double opacity) const;
  void draw_bar(Canvas& canvas, const Rect& track, double distance, double far, double opacity) const;
  std::string class_name(std::int64_t label) const;
  // Of a row's numbers, pixels. None where names could not be read beside them.
  double distance_width() const;

  Rect title_;
  std::vector<Rect> rows_;
  double unit_;
  double body_;
  Theme theme_;
  std::vector<std::string> class_names_;
  bool has_images_;
  double farthest_;
};

}  // namespace zoetrope::render
