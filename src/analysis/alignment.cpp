// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/alignment.hpp"

#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::analysis {

AlignedFrames align_frames(const std::vector<Points>& frames, AlignTo reference) {
  const trace::Span span("Procrustes", "frames", static_cast<std::int64_t>(frames.size()));
  AlignedFrames result;
  for (const Points& frame : frames) {
    support::stop_point();
    if (reference == AlignTo::kNone) {
      result.points.push_back(stretch(frame));
      result.disparity.push_back(0);
      continue;
    }
    const bool is_first = result.points.empty();
    const Points& target = reference == AlignTo::kLast    ? frames.back()
                           : is_first                     ? frame
                           : reference == AlignTo::kFirst ? result.points.front()
                                                          : result.points.back();
    const Aligned aligned = procrustes(target, frame);
    result.points.push_back(stretch(aligned.points));
    result.disparity.push_back(aligned.disparity);
  }
  return result;
}

}  // namespace zoetrope::analysis
