// SPDX-License-Identifier: Apache-2.0
// The legend of the article's figure: matplotlib's, beside the axes where there is room, else in the part of
// them that the fewest points lie in.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "canvas.hpp"
#include "scatter.hpp"
#include "text.hpp"

namespace zoetrope::render {

// matplotlib hints its text, which makes it this much narrower than ours.
inline constexpr double kHinted = 0.985;

// matplotlib's colours, which are ten; of more classes these would look alike.
ClassMark article_mark(std::size_t class_index, std::size_t num_classes);

// Where a legend of this size stands within `axes`, `away` from their edges: of matplotlib's places for
// "best" the first that the fewest of all points of all frames lie in. Of very many points some are counted.
struct LegendPlace {
  Rect box;
  std::size_t covered;  // points
};
LegendPlace best_place(const Rect& axes, double width, double height, double away, const PlaneMap& map,
                       std::span<const std::span<const double>> frames);

class ArticleLegend {
 public:
  // `font`: pixels an em, at most. `mark`: the radius of a mark beside text of that size. `free`: pixels to
  // the right of the axes. Within them it has two columns where it covers fewer points so. `scene` must
  // outlive it.
  ArticleLegend(const Scene& scene, const Typesetter& text, const Rect& axes, const PlaneMap& map,
                double font, double mark, double free);

  void draw(Picture& picture, Canvas& canvas, const Typesetter& text) const;

 private:
  double height_of(std::size_t rows) const;
  void lay_out(const Scene& scene, double column, const Rect& axes, const PlaneMap& map);
  void draw_mark(Picture& picture, Canvas& canvas, const ClassMark& mark, double x, double y) const;

  const std::vector<std::string>& names_;
  double font_;
  double em_ = 0;
  std::size_t entries_ = 0, columns_ = 1;
  Rect box_;
  double mark_radius_;
  std::vector<Stamp> stamps_;  // by shape
};

}  // namespace zoetrope::render
