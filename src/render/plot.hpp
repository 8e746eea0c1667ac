// SPDX-License-Identifier: Apache-2.0
// The frame of --layout plot: points with the names of their classes, the step and the accuracy, large enough
// to be read where the picture is shown 400 pixels wide.
#pragma once

#include <vector>

#include "canvas.hpp"
#include "class_labels.hpp"
#include "region_names.hpp"
#include "regions.hpp"
#include "scatter.hpp"
#include "text.hpp"

namespace zoetrope::render {

class PlotFigure {
 public:
  // `scene` must outlive it.
  explicit PlotFigure(const Scene& scene);

  void draw_background(Picture& picture) const;
  void draw_frame(Picture& picture, const Frame& frame) const;

 private:
  std::vector<ClassLabel> place_labels(const Frame& frame) const;
  std::vector<ClassLabel> place_region_names(const Frame& frame) const;
  void draw_regions(Picture& picture, const Frame& frame) const;
  void draw_header(Canvas& canvas, const Frame& frame) const;

  const Scene& scene_;
  const ThemeColours& theme_;
  Typesetter text_;
  double body_;  // pixels an em
  Rect header_;
  Rect square_;
  PlaneMap map_;
  Regions regions_;
  ScenePoints scatter_;
  ClassLabels class_labels_;
  RegionNames region_names_;
};

}  // namespace zoetrope::render
