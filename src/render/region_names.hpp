// SPDX-License-Identifier: Apache-2.0
// The names of decision regions, each where its region has most room beside the points.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "class_labels.hpp"
#include "geometry.hpp"
#include "label_places.hpp"
#include "scatter.hpp"
#include "text.hpp"

namespace zoetrope::render {

class RegionNames {
 public:
  // On the plane that `map` puts into `square`; `body`: pixels an em. `names` must outlive it.
  RegionNames(const Rect& square, const PlaneMap& map, double body, Theme theme, const Typesetter& text,
              const std::vector<std::string>& names);

  // Of a checkpoint's picture. A name lies in its region whole, on none of `taken`, and over the fewest
  // points; a region without such a place has none. `regions` as Frame::regions.
  std::vector<ClassLabel> place(std::span<const double> regions, std::span<const double> points,
                                std::span<const Rect> taken) const;
  // Between two checkpoints whose names these are, `share` of the way, 0 to 1.
  static std::vector<ClassLabel> between(const std::vector<ClassLabel>& before,
                                         const std::vector<ClassLabel>& after, double share);
  void draw(Canvas& canvas, const Typesetter& text, const std::vector<ClassLabel>& names) const;
  Rect box_of(const ClassLabel& name) const;

 private:
  // Places for the middles of names, by the class whose region lies there.
  std::vector<std::vector<Spot>> spots(std::span<const double> regions) const;
  bool is_in_region(std::span<const double> regions, const ClassLabel& name) const;

  Rect square_;
  PlaneMap map_;
  double body_;
  Theme theme_;
  const std::vector<std::string>& names_;
  std::vector<double> width_;  // pixels, by class
};

}  // namespace zoetrope::render
