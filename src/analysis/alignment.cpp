// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/alignment.hpp"

#include <algorithm>

#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::analysis {

namespace {

constexpr double kExtent = 5;  // the largest |coordinate| that is shown

double extent_of(const Points& points) {
  return points.size() == 0 ? 0.0 : points.cwiseAbs().maxCoeff();
}

// One factor for all; points that are all at the origin stay there.
void stretch_together(std::vector<Points>& frames) {
  double largest = 0;
  for (const Points& frame : frames) largest = std::max(largest, extent_of(frame));
  if (largest == 0) return;
  for (Points& frame : frames) frame *= kExtent / largest;
}

}  // namespace

AlignedFrames align_frames(const std::vector<Points>& frames, AlignTo reference, ScaleOf scale) {
  const trace::Span span("Procrustes", "frames", static_cast<std::int64_t>(frames.size()));
  const auto shown = [&](const Points& points) {
    return scale == ScaleOf::kFrame ? stretch(points, kExtent) : points;
  };
  AlignedFrames result;
  for (const Points& frame : frames) {
    support::stop_point();
    if (reference == AlignTo::kNone) {
      result.points.push_back(shown(frame));
      result.disparity.push_back(0);
      continue;
    }
    const bool is_first = result.points.empty();
    const Points& target = reference == AlignTo::kLast    ? frames.back()
                           : is_first                     ? frame
                           : reference == AlignTo::kFirst ? result.points.front()
                                                          : result.points.back();
    const Aligned aligned = procrustes(target, frame);
    result.points.push_back(shown(aligned.points));
    result.disparity.push_back(aligned.disparity);
  }
  if (scale == ScaleOf::kRun) stretch_together(result.points);
  return result;
}

}  // namespace zoetrope::analysis
