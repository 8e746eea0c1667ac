// SPDX-License-Identifier: Apache-2.0
// The frame of --layout article: the matplotlib figure of the article's notebook, 8 x 8 inch, and wider or
// higher as matplotlib would lay it out.
#pragma once

#include <vector>

#include "article_legend.hpp"
#include "canvas.hpp"
#include "regions.hpp"
#include "scatter.hpp"
#include "text.hpp"

namespace zoetrope::render {

// Where matplotlib puts ticks: as many multiples of 1, 2, 2.5 or 5 times a power of ten as fit in
// `most_intervals`.
std::vector<double> article_ticks(double least, double greatest, int most_intervals);

class ArticleFigure {
 public:
  // `scene` must outlive it. Its shorter side counts 8 inch.
  explicit ArticleFigure(const Scene& scene);

  void draw_background(Picture& picture) const;
  void draw_frame(Picture& picture, const Frame& frame) const;

 private:
  struct Axes {
    Rect box;
    double x_least, x_greatest, y_least, y_greatest;
    std::vector<double> x_ticks, y_ticks;
    std::string title, x_label, y_label;

    double x(double value) const { return box.x + box.w * (value - x_least) / (x_greatest - x_least); }
    double y(double value) const { return box.bottom() - box.h * (value - y_least) / (y_greatest - y_least); }
  };

  double points(double pt) const { return pt * side_ / 576; }  // 8 inch are 576 points
  // A rectangle in shares of the figure, from its lower left corner, as matplotlib gives them.
  Rect rect(double left, double bottom, double width, double height) const;
  Rect square_in(const Rect& box) const;
  TextStyle text_style(double pt, Align align) const;
  void draw_labels(Canvas& canvas, const Axes& axes) const;
  void draw_spines(Canvas& canvas, const Axes& axes) const;
  void draw_agreement(Canvas& canvas, const Frame& frame) const;
  void draw_loss(Canvas& canvas, std::int64_t step) const;
  struct OutlierTitle {
    std::string text;
    TextStyle style;
    double left, width;
  };
  double title_top(const Rect& box, double pad) const;
  Rect outlier_box(std::size_t place) const;
  double leftmost_title() const;  // of the outliers' titles of all classes, pixels
  OutlierTitle outlier_title(const std::string& class_name, std::size_t place) const;
  // Words of this size, in points, for the outlier in this place.
  OutlierTitle beside_axes(std::string text, double size, std::size_t place) const;
  void draw_title(Canvas& canvas, std::int64_t step) const;
  void draw_outlier(Canvas& canvas, const OutlierEntry& entry, std::size_t place) const;

  const Scene& scene_;
  double side_;
  Typesetter text_;
  Axes plane_;
  Axes loss_;
  Regions regions_;
  ScenePoints scatter_;
  double leftmost_outlier_title_;
  ArticleLegend legend_;
};

}  // namespace zoetrope::render
