// SPDX-License-Identifier: Apache-2.0
// The frame of --layout wide: composes itself for wide, square and tall pictures.
#pragma once

#include <string>
#include <vector>

#include "badge.hpp"
#include "canvas.hpp"
#include "class_labels.hpp"
#include "curves.hpp"
#include "layout.hpp"
#include "leaderboard.hpp"
#include "regions.hpp"
#include "scatter.hpp"
#include "text.hpp"

namespace zoetrope::render {

class Figure {
 public:
  // `scene` must outlive it.
  explicit Figure(const Scene& scene);

  // What all frames have in common.
  void draw_background(Picture& picture) const;
  // The rest, over a copy of the background.
  void draw_frame(Picture& picture, const Frame& frame) const;

 private:
  void draw_legend(Picture& picture, Canvas& canvas) const;
  void draw_plane(Canvas& canvas) const;
  Align stat_align() const {
    return layout_.stats_place == StatsPlace::kBeside ? Align::kRight : Align::kLeft;
  }
  TextStyle stat_name_style() const;
  void draw_stat_names(Canvas& canvas) const;
  Rect stat_box(std::size_t i) const;
  void draw_stats(Canvas& canvas, const Frame& frame) const;
  // How far the frame can be trusted, and how often its regions are right; in fewer words for a narrow plane.
  static std::string certificate(const Frame& frame, bool is_short);
  void draw_certificate(Canvas& canvas, const Frame& frame) const;
  double badge_radius() const;
  // Lowest first: the worst outlier's lies over the others.
  std::vector<Badge> place_badges(const Frame& frame) const;
  // The names of a checkpoint's classes, or what is on its way between those of two.
  std::vector<ClassLabel> place_labels(const Frame& frame) const;
  void draw_trails(Canvas& canvas, const Frame& frame) const;

  const Scene& scene_;
  const ThemeColours& theme_;
  Typesetter text_;
  FrameLayout layout_;
  PlaneMap map_;
  Regions regions_;
  ScenePoints scatter_;
  ClassLabels class_labels_;
  Leaderboard leaderboard_;
  std::vector<CurvePanel> curves_;
};

}  // namespace zoetrope::render
