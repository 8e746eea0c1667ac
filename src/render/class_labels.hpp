// SPDX-License-Identifier: Apache-2.0
// Class names in the middle of their points, where the classes have come apart far enough to be named.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "badge.hpp"
#include "geometry.hpp"
#include "scatter.hpp"
#include "text.hpp"

namespace zoetrope::render {

struct ClassLabel {
  std::size_t class_index = 0;
  double x = 0;  // middle, pixels
  double y = 0;
  double opacity = 0;
};

class ClassLabels {
 public:
  // `names` and `label` [N] must outlive it.
  ClassLabels(const Rect& square, const PlaneMap& map, double body, Theme theme, const Typesetter& text,
              const std::vector<std::string>& names, std::span<const std::int64_t> label);

  // A label fades in as its class leaves the nearest other one, and out where it would cover a label before
  // it or a badge would cover it: continuous in the points, so that nothing pops up between frames.
  std::vector<ClassLabel> place(std::span<const double> points, std::span<const Badge> badges = {},
                                double badge_radius = 0) const;
  void draw(Canvas& canvas, const Typesetter& text, const std::vector<ClassLabel>& labels) const;

 private:
  struct Cluster {
    std::size_t count = 0;
    double x = 0, y = 0;  // geometric median
    double radius = 0;    // mean distance from it
  };
  std::vector<Cluster> clusters(std::span<const double> points) const;

  Rect square_;
  PlaneMap map_;
  TextStyle style_;
  Colour halo_;
  double max_width_;
  const std::vector<std::string>& names_;
  std::span<const std::int64_t> label_;
  std::vector<double> width_;  // pixels, by class
};

}  // namespace zoetrope::render
