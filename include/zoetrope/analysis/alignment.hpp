// SPDX-License-Identifier: Apache-2.0
// A sequence of projections turned onto one another, so that an animation shows change and not rotation.
#pragma once

#include <vector>

#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::analysis {

enum class AlignTo {
  kPrevious,  // each frame to the one displayed before it, the first to itself: the article's notebook
  kFirst,     // each to the first
  kLast,      // each to the last
  kNone       // only stretched
};

struct AlignedFrames {
  std::vector<Points> points;     // each stretched so that its largest |coordinate| is 5
  std::vector<double> disparity;  // scipy.spatial.procrustes's; 0 for kNone
};

// Throws InputError where a frame has a single distinct point.
AlignedFrames align_frames(const std::vector<Points>& frames, AlignTo reference);

}  // namespace zoetrope::analysis
