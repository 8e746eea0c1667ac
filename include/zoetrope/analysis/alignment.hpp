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

// Of which the largest |coordinate| becomes 5.
enum class ScaleOf {
  kFrame,  // each frame: the article's
  kRun     // all frames together: growth and collapse are seen
};

struct AlignedFrames {
  std::vector<Points> points;
  std::vector<double> disparity;  // scipy.spatial.procrustes's; 0 for kNone
  // Of each frame: shown = (projected - its mean) * map + the mean of what is shown.
  std::vector<Eigen::Matrix2d> map;
};

// Throws InputError where a frame has a single distinct point.
AlignedFrames align_frames(const std::vector<Points>& frames, AlignTo reference,
                           ScaleOf scale = ScaleOf::kFrame);

}  // namespace zoetrope::analysis
