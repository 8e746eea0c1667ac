// SPDX-License-Identifier: Apache-2.0
// Class names in the middle of their points, or, where there is no room, beside them at the end of a line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "badge.hpp"
#include "geometry.hpp"
#include "label_places.hpp"
#include "scatter.hpp"
#include "text.hpp"

namespace zoetrope::render {

struct ClassLabel {
  std::size_t class_index = 0;
  double x = 0;  // middle of the name, pixels
  double y = 0;
  double anchor_x = 0;  // middle of the class's points: where a line to a name beside them begins
  double anchor_y = 0;
  double opacity = 1;  // of a name that comes or goes between two checkpoints
};

class ClassLabels {
 public:
  // `names` and `label` [N] must outlive it.
  ClassLabels(const Rect& square, const PlaneMap& map, double body, Theme theme, const Typesetter& text,
              const std::vector<std::string>& names, std::span<const std::int64_t> label);

  // Of a checkpoint's picture. A class has its name, and has it whole, unless its points are mixed with all
  // others, where a name would say what is not so. Names cover neither one another nor badges, nor most
  // points of their own class where it has few; of more than kMostBeside classes only those are named that
  // have room among their points.
  static constexpr std::size_t kMostBeside = 20;
  std::vector<ClassLabel> place(std::span<const double> points, std::span<const Badge> badges = {},
                                double badge_radius = 0) const;
  // Between two checkpoints whose labels these are, `share` of the way, 0 to 1: a name moves with its class's
  // points, and one that the other checkpoint has not fades. So does one that comes to lie on another, before
  // their letters meet.
  std::vector<ClassLabel> between(const std::vector<ClassLabel>& before, const std::vector<ClassLabel>& after,
                                  double share, std::span<const double> points) const;
  void draw(Canvas& canvas, const Typesetter& text, const std::vector<ClassLabel>& labels) const;
  // What a label's name covers.
  Rect box_of(const ClassLabel& label) const;

 private:
  struct Cluster {
    std::size_t count = 0;
    double x = 0, y = 0;  // geometric median
    double radius = 0;    // mean distance from it
  };
  std::vector<Cluster> clusters(std::span<const double> points) const;
  enum class Place { kNone, kBeside, kAmong };
  static std::vector<Place> wanted_places(const std::vector<Cluster>& clusters);
  // What becomes of a name on the way between two checkpoints.
  enum class Stay { kStays, kGoes, kComes };
  static double gives_way(Stay name, Stay other, bool is_later, double eased);
  // How near two names are, from 0 where they do not touch to 1 where their letters do.
  double meeting(const ClassLabel& a, const ClassLabel& b) const;
  ClassLabel anchored(std::size_t class_index, const Cluster& cluster) const;
  LabelPlaces places(std::span<const double> points, std::span<const Badge> badges,
                     double badge_radius) const;
  // By class: whether it has so few points that a name in their middle would cover most of them.
  std::vector<bool> would_be_hidden(std::span<const double> points, const std::vector<Cluster>& all) const;
  // In the middle of the class's points, or a line above or below it.
  bool put_among(ClassLabel& label, LabelPlaces& places) const;
  bool put_beside(ClassLabel& label, LabelPlaces& places) const;
  void draw_line(Canvas& canvas, const ClassLabel& label) const;
  void draw_plate(Canvas& canvas, const ClassLabel& label) const;

  Rect square_;
  PlaneMap map_;
  Theme theme_;
  TextStyle style_;
  Colour halo_;
  double max_width_;
  const std::vector<std::string>& names_;
  std::span<const std::int64_t> label_;
  std::vector<double> width_;  // pixels, by class
};

}  // namespace zoetrope::render
