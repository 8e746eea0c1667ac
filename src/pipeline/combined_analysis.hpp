// SPDX-License-Identifier: Apache-2.0
// The analysis of a run, frame after frame: what compares the pictures of frames with one another is computed
// here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "zoetrope/analysis/alignment.hpp"
#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/analysis/temporal.hpp"
#include "zoetrope/pipeline/options.hpp"
#include "zoetrope/store/analysis_file.hpp"

namespace zoetrope::pipeline {

class CombinedAnalysis {
 public:
  // `points` of all frames, [N, 2] each, before alignment; `train_label`: of training images, if any. Throws
  // InputError where a frame has a single distinct point.
  CombinedAnalysis(std::vector<std::int64_t> label, std::vector<std::int64_t> train_label,
                   std::vector<analysis::Points> points, const Placement& placement,
                   const AnalysisOptions& options);

  void add(const analysis::FrameAnalysis& frame);  // the next one
  store::Analysis& result() { return result_; }

 private:
  void reserve();
  void add_classification(const analysis::FrameAnalysis& frame);
  void add_curves(const analysis::FrameAnalysis& frame);
  void add_quality(const analysis::FrameAnalysis& frame);
  void add_training(const analysis::TrainingAnalysis& training, std::size_t frame);
  void add_motion(const analysis::Displacement& displacement, std::size_t frame);
  void add_temporal(std::size_t frame);
  void add_regions(const analysis::FrameAnalysis& of, std::size_t frame);

  const AnalysisOptions& options_;
  std::vector<analysis::Points> points_;  // emptied when their frame is added
  analysis::AlignedFrames aligned_;       // likewise, when the one after it is
  analysis::TemporalPreservation preservation_;
  Eigen::Matrix2d map_before_ = Eigen::Matrix2d::Zero();
  std::size_t num_added_ = 0;
  store::Analysis result_;
};

}  // namespace zoetrope::pipeline
