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

// What stretch() multiplies them by.
double stretch_of(const Points& points) {
  const double extent = extent_of(points);
  return extent == 0 ? 1 : kExtent / extent;
}

// One factor for all; points that are all at the origin stay there.
void stretch_together(AlignedFrames& frames) {
  double largest = 0;
  for (const Points& frame : frames.points) largest = std::max(largest, extent_of(frame));
  if (largest == 0) return;
  for (Points& frame : frames.points) frame *= kExtent / largest;
  for (Eigen::Matrix2d& map : frames.map) map *= kExtent / largest;
}

}  // namespace

AlignedFrames align_frames(const std::vector<Points>& frames, AlignTo reference, ScaleOf scale) {
  const trace::Span span("Procrustes", "frames", static_cast<std::int64_t>(frames.size()));
  AlignedFrames result;
  const auto show = [&](const Points& points, const Eigen::Matrix2d& map) {
    result.points.push_back(scale == ScaleOf::kFrame ? stretch(points, kExtent) : points);
    result.map.push_back(scale == ScaleOf::kFrame ? Eigen::Matrix2d(map * stretch_of(points)) : map);
  };
  for (const Points& frame : frames) {
    support::stop_point();
    if (reference == AlignTo::kNone) {
      show(frame, Eigen::Matrix2d::Identity());
      result.disparity.push_back(0);
      continue;
    }
    const bool is_first = result.points.empty();
    const Points& target = reference == AlignTo::kLast    ? frames.back()
                           : is_first                     ? frame
                           : reference == AlignTo::kFirst ? result.points.front()
                                                          : result.points.back();
    const Aligned aligned = procrustes(target, frame);
    show(aligned.points, aligned.map);
    result.disparity.push_back(aligned.disparity);
  }
  if (scale == ScaleOf::kRun) stretch_together(result);
  return result;
}

}  // namespace zoetrope::analysis
