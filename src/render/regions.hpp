// SPDX-License-Identifier: Apache-2.0
// The decision regions of classes, as quiet tints behind the points.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "geometry.hpp"
#include "palette.hpp"
#include "scatter.hpp"

namespace zoetrope::render {

// A raster of pixels, `left` and `top` its first ones.
struct Raster {
  int left = 0, top = 0, width = 0, height = 0;
};

// The class whose logit is greatest at a place of the plane, the first of several; `regions` as
// Frame::regions, of one class at least.
std::size_t class_at(std::span<const double> regions, double x, double y);

// Which class has the greatest logit in the middle of each pixel, the first of several: [height, width].
// `regions` as Frame::regions.
std::vector<std::int32_t> classes_of_pixels(const Raster& raster, const PlaneMap& map,
                                            std::span<const double> regions);

// How often the regions are right: "62 % of the images lie in their own region", in fewer words without "of
// the images lie"; "" where it is not known.
std::string words_of_agreement(double agreement, bool is_short = false);

class Regions {
 public:
  // On the plane that `map` puts into `square`, whose corners have this radius.
  Regions(const Rect& square, const PlaneMap& map, double corner_radius, const std::vector<ClassMark>& marks,
          Theme theme);

  // Nothing where there are none.
  void draw(Picture& picture, std::span<const double> regions) const;

 private:
  Rect square_;
  PlaneMap map_;
  double corner_radius_;
  double opacity_;
  std::vector<std::uint32_t> tints_;  // of each class, as a picture holds them
};

}  // namespace zoetrope::render
