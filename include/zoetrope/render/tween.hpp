// SPDX-License-Identifier: Apache-2.0
// In-between frames: points travel along smooth paths from checkpoint to checkpoint instead of jumping.
#pragma once

#include <cstddef>
#include <span>

#include "zoetrope/render/frame.hpp"

namespace zoetrope::render {

struct TweenOptions {
  int tween = 0;       // places between two checkpoints
  double trail = 1.5;  // how far back the outliers' trails reach, in checkpoints; 0: none
  // Frames of the whole animation: where there are more of them than places, some places are shown several
  // times, where there are fewer, some not at all, spread evenly. 0: one for each place.
  std::size_t frames = 0;
};

// UsageError when `tween` is negative.
std::size_t num_animation_frames(std::size_t num_checkpoints, const TweenOptions& options);

// Frame `i` of the animation whose checkpoints are `checkpoints`, all with the same number of points. At a
// checkpoint it is that frame with trails added, and looks into its points; in between it owns its points.
//
// Where a frame has a Way, points go that way to it. Else they follow cubic Hermite curves in time with the
// slopes of Fritsch and Butland ("A method for constructing local monotone piecewise cubic interpolants",
// 1984): smooth, through every checkpoint's position, never beyond two neighbouring ones; the animation
// starts and ends at rest. Outliers slide to their new place, fade in where they are new, and out where they
// are no longer among the worst; so do the names of classes. Step, epoch, explained variance and scores go
// linearly, and so do the logits at each place, of which regions are made: their borders stay straight lines.
//
// Depends on nothing but its arguments: any process can draw any frame.
Frame animation_frame(std::span<const Frame> checkpoints, const TweenOptions& options, std::size_t i);

}  // namespace zoetrope::render
