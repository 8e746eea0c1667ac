// SPDX-License-Identifier: Apache-2.0
// Room for the names of classes on a plane of points: where nothing stands yet, and for a name beside its
// class's points also where few points are.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "geometry.hpp"

namespace zoetrope::render {

class LabelPlaces {
 public:
  // Names stay within `square`; `em` is the size of their text in pixels.
  LabelPlaces(const Rect& square, double em);

  // Points that a name beside its class rather leaves uncovered; pixels.
  void add_point(double x, double y);
  void count_points();  // once all are added

  void take(const Rect& box) { taken_.push_back(box); }
  // No name but its own covers (x, y), the middle of a class, where a line may begin; lines may pass there.
  void keep(std::size_t class_index, double x, double y);
  // For the name of this class.
  bool is_free(const Rect& box, std::size_t class_index) const;
  // The share of all points that lies beneath the box.
  double covered(const Rect& box) const;

  // The best box of this size for a name whose line leads to (x, y): near, over few points, and with a line
  // that crosses neither another name nor another line. Takes it. None where no such box is within reach.
  std::optional<Rect> beside(std::size_t class_index, double x, double y, double width, double height);

 private:
  struct Line {
    double x0, y0, x1, y1;
  };
  static bool cross(const Line& a, const Line& b);
  static bool passes(const Line& line, const Rect& box);
  std::size_t column(double x) const;
  std::size_t row(double y) const;
  // Below: better. None: the box is no place.
  std::optional<double> cost(std::size_t class_index, const Rect& box, const Line& line,
                             double em_away) const;

  Rect square_;
  double em_;
  double cell_;  // pixels
  std::size_t columns_;
  std::vector<double> points_;  // [columns + 1, columns + 1]: in each cell, then in all above and to the left
  std::vector<Rect> taken_;
  struct Kept {
    std::size_t class_index;
    Rect box;
  };
  std::vector<Kept> kept_;
  std::vector<Line> lines_;
};

// The point of `box` that is nearest to (x, y): where a line from there ends.
struct Spot {
  double x, y;
};
Spot nearest_in(const Rect& box, double x, double y);

}  // namespace zoetrope::render
