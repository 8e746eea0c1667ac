// SPDX-License-Identifier: Apache-2.0
#include "combined_analysis.hpp"

#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/support/interruption.hpp"

namespace zoetrope::pipeline {

namespace {

template <typename To, typename From>
void append(To& to, const From& from) {
  to.insert(to.end(), std::begin(from), std::end(from));
}

}  // namespace

CombinedAnalysis::CombinedAnalysis(std::vector<std::int64_t> label, std::vector<analysis::Points> points,
                                   const Placement& placement, const AnalysisOptions& options)
    : options_(options),
      points_(std::move(points)),
      aligned_(analysis::align_frames(points_, placement.align, placement.scale)) {
  result_.label = std::move(label);
  result_.disparity = aligned_.disparity;
  reserve();
}

// What grows by appending would take up to twice its room.
void CombinedAnalysis::reserve() {
  const std::size_t values = points_.size() * result_.label.size();
  result_.ood_score.reserve(values);
  result_.mean_distance.reserve(values);
  result_.duplicate_set.reserve(values);
  result_.pca.reserve(2 * values);
  result_.aligned.reserve(2 * values);
  if (options_.quality_neighbours == 0) return;
  result_.trust.reserve(values);
  result_.continuity.reserve(values);
  result_.before_on_plane.reserve(2 * values);
  result_.on_plane_before.reserve(2 * values);
}

void CombinedAnalysis::add(const analysis::FrameAnalysis& frame) {
  support::stop_point();
  const std::size_t number = num_added_++;
  if (number == 0) result_.neighbour.reserve(points_.size() * frame.neighbour.size());
  if (number == 0 && !frame.prediction.empty()) {
    const std::size_t values = points_.size() * result_.label.size();
    result_.prediction.reserve(values);
    result_.confidence.reserve(values);
    result_.self_confidence.reserve(values);
    result_.label_issue.reserve(values);
  }
  append(result_.ood_score, frame.score);
  append(result_.mean_distance, frame.mean_distance);
  for (const std::int64_t i : frame.neighbour) result_.neighbour.push_back(static_cast<std::int32_t>(i));
  append(result_.duplicate_set, frame.duplicate_set);
  append(result_.label_issue, frame.label_issue);
  append(result_.outlier, analysis::worst(frame.score, options_.outliers));
  append(result_.pca, frame.points);
  append(result_.explained_variance_ratio, frame.explained_variance_ratio);
  append(result_.prediction, frame.prediction);
  append(result_.confidence, frame.confidence);
  append(result_.self_confidence, frame.self_confidence);
  const analysis::Points& shown = aligned_.points[number];
  result_.aligned.insert(result_.aligned.end(), shown.data(), shown.data() + shown.size());
  add_curves(frame);
  result_.curves["class_separation"].push_back(analysis::class_separation(shown, result_.label));
  if (options_.quality_neighbours > 0) {
    add_quality(frame);
    add_motion(frame.step, number);
  }
  points_[number].resize(0, 2);
  if (number > 0) aligned_.points[number - 1].resize(0, 2);
}

void CombinedAnalysis::add_curves(const analysis::FrameAnalysis& frame) {
  auto& curves = result_.curves;
  curves["accuracy"].push_back(frame.accuracy);
  curves["test_loss"].push_back(frame.test_loss);
  curves["effective_rank"].push_back(frame.effective_rank);
  curves["knn_accuracy"].push_back(frame.knn_accuracy);
  curves["neighbour_preservation"].push_back(frame.neighbour_preservation);
  curves["linear_cka"].push_back(frame.linear_cka);
  curves["neighbour_preservation_first"].push_back(frame.to_first.neighbour_preservation);
  curves["neighbour_preservation_last"].push_back(frame.to_last.neighbour_preservation);
  curves["linear_cka_first"].push_back(frame.to_first.linear_cka);
  curves["linear_cka_last"].push_back(frame.to_last.linear_cka);
}

// Of the frame's picture, whichever way it is turned.
void CombinedAnalysis::add_quality(const analysis::FrameAnalysis& frame) {
  const analysis::PictureQuality& quality = frame.quality;
  append(result_.trust, quality.trust);
  append(result_.continuity, quality.continuity);
  append(result_.before_on_plane, frame.step.before_on_plane);
  append(result_.on_plane_before, frame.step.on_plane_before);
  for (const auto row : frame.step.cosines.rowwise()) append(result_.plane_cosines, row);
  auto& curves = result_.curves;
  curves["trustworthiness"].push_back(quality.mean_trust);
  curves["mean_continuity"].push_back(quality.mean_continuity);
  curves["neighbourhood_preservation_2d"].push_back(quality.neighbours_shown);
  curves["neighbourhood_hit"].push_back(quality.same_label);
  curves["shape_disparity"].push_back(frame.shape_disparity);
}

void CombinedAnalysis::add_motion(const analysis::Step& step, std::size_t frame) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const analysis::Points& shown = aligned_.points[frame];
  const Eigen::Matrix2d map = analysis::map_of_plane(points_[frame], shown);
  analysis::Motion motion{kUnknown, kUnknown};
  analysis::Stability stability{kUnknown, kUnknown, kUnknown, kUnknown};
  if (frame > 0 && !std::isnan(step.distance.at(0))) {
    motion = analysis::motion_of(step, map_before_, map);
    stability = analysis::stability(step.distance, aligned_.points[frame - 1], shown);
  }
  auto& curves = result_.curves;
  curves["camera_share"].push_back(motion.camera_share);
  curves["seen_share"].push_back(motion.seen_share);
  curves["stability_pearson"].push_back(stability.pearson);
  curves["stability_spearman"].push_back(stability.spearman);
  curves["stability_kendall"].push_back(stability.kendall);
  curves["stability_stress"].push_back(stability.stress);
  map_before_ = map;
}

}  // namespace zoetrope::pipeline
