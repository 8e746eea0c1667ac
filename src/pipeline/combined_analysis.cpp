// SPDX-License-Identifier: Apache-2.0
#include "combined_analysis.hpp"

#include <cmath>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <map>
#include <span>
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

using Curves = std::map<std::string, std::vector<double>>;

void append_to_curves(Curves& curves, std::initializer_list<std::pair<const char*, double>> values) {
  for (const auto& [name, value] : values) curves[name].push_back(value);
}

}  // namespace

CombinedAnalysis::CombinedAnalysis(std::vector<std::int64_t> label, std::vector<std::int64_t> train_label,
                                   std::vector<analysis::Points> points, const Placement& placement,
                                   const AnalysisOptions& options)
    : options_(options),
      points_(std::move(points)),
      aligned_(analysis::align_frames(points_, placement.align, placement.scale)),
      preservation_(static_cast<std::int64_t>(label.size())) {
  if (options_.search != analysis::SearchMethod::kExact) {
    result_.neighbour_search = analysis::word_of(options_.search);
    result_.neighbour_search_parameters = analysis::parameters_of(options_.search);
  }
  result_.label = std::move(label);
  result_.train_label = std::move(train_label);
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
  if (number == 0 && !frame.classification.prediction.empty()) {
    const std::size_t values = points_.size() * result_.label.size();
    result_.prediction.reserve(values);
    result_.label_issue.reserve(values);
    for (auto* const part : {&result_.confidence, &result_.self_confidence, &result_.normalized_margin,
                             &result_.confidence_weighted_entropy, &result_.hardness, &result_.mistakenness})
      part->reserve(values);
  }
  append(result_.ood_score, frame.score);
  append(result_.mean_distance, frame.mean_distance);
  for (const std::int64_t i : frame.neighbour) result_.neighbour.push_back(static_cast<std::int32_t>(i));
  append(result_.duplicate_set, frame.duplicate_set);
  append(result_.outlier, analysis::worst(frame.score, options_.outliers));
  append(result_.pca, frame.points);
  append(result_.explained_variance_ratio, frame.explained_variance_ratio);
  add_classification(frame);
  const analysis::Points& shown = aligned_.points[number];
  result_.aligned.insert(result_.aligned.end(), shown.data(), shown.data() + shown.size());
  add_curves(frame);
  result_.curves["class_separation"].push_back(analysis::class_separation(shown, result_.label));
  if (options_.quality_neighbours > 0) {
    add_quality(frame);
    add_motion(frame.displacement, number);
    add_temporal(number);
  }
  if (!result_.train_label.empty()) add_training(frame.training, number);
  if (!frame.plane_classifier.empty()) add_regions(frame, number);
  points_[number].resize(0, 2);
  if (number > 0) aligned_.points[number - 1].resize(0, 2);
}

void CombinedAnalysis::add_classification(const analysis::FrameAnalysis& frame) {
  const analysis::Classification& said = frame.classification;
  append(result_.prediction, said.prediction);
  append(result_.label_issue, frame.label_issue);
  append(result_.confidence, said.confidence);
  append(result_.self_confidence, said.self_confidence);
  append(result_.normalized_margin, said.normalized_margin);
  append(result_.confidence_weighted_entropy, said.confidence_weighted_entropy);
  append(result_.hardness, said.hardness);
  append(result_.mistakenness, said.mistakenness);
}

void CombinedAnalysis::add_curves(const analysis::FrameAnalysis& frame) {
  append_to_curves(result_.curves, {{"accuracy", frame.classification.accuracy},
                                    {"test_loss", frame.classification.loss},
                                    {"effective_rank", frame.effective_rank},
                                    {"knn_accuracy", frame.knn_accuracy},
                                    {"neighbour_preservation", frame.neighbour_preservation},
                                    {"linear_cka", frame.linear_cka},
                                    {"neighbour_preservation_first", frame.to_first.neighbour_preservation},
                                    {"neighbour_preservation_last", frame.to_last.neighbour_preservation},
                                    {"linear_cka_first", frame.to_first.linear_cka},
                                    {"linear_cka_last", frame.to_last.linear_cka}});
  if (options_.search != analysis::SearchMethod::kExact)
    result_.curves["neighbour_recall"].push_back(frame.neighbour_recall);
}

// Of the frame's picture, whichever way it is turned.
void CombinedAnalysis::add_quality(const analysis::FrameAnalysis& frame) {
  const analysis::PictureQuality& quality = frame.quality;
  append(result_.trust, quality.trust);
  append(result_.continuity, quality.continuity);
  append(result_.before_on_plane, frame.displacement.before_on_plane);
  append(result_.on_plane_before, frame.displacement.on_plane_before);
  for (const auto row : frame.displacement.cosines.rowwise()) append(result_.plane_cosines, row);
  append_to_curves(result_.curves, {{"trustworthiness", quality.mean_trust},
                                    {"mean_continuity", quality.mean_continuity},
                                    {"neighbourhood_preservation_2d", quality.neighbours_shown},
                                    {"neighbourhood_hit", quality.same_label},
                                    {"shape_disparity", frame.shape_disparity}});
}

// Training images come to their places by the map that takes the test images to theirs.
void CombinedAnalysis::add_training(const analysis::TrainingAnalysis& training, std::size_t frame) {
  const analysis::Points &projected = points_[frame], &shown = aligned_.points[frame];
  const Eigen::Map<const analysis::Points> points(training.points.data(),
                                                  static_cast<Eigen::Index>(training.points.size() / 2), 2);
  const Eigen::RowVector2d from = projected.colwise().mean(), to = shown.colwise().mean();
  const analysis::Points placed = ((points.rowwise() - from) * aligned_.map[frame]).rowwise() + to;
  append(result_.train_pca, training.points);
  result_.train_aligned.insert(result_.train_aligned.end(), placed.data(), placed.data() + placed.size());
  const std::vector<std::int64_t>& prediction = training.classification.prediction;
  append(result_.train_prediction, prediction);
  append(result_.train_confidence, training.classification.confidence);
  append(result_.train_self_confidence, training.classification.self_confidence);
  if (options_.quality_neighbours > 0) {
    append(result_.train_before_on_plane, training.before_on_plane);
    append(result_.train_on_plane_before, training.on_plane_before);
  }
  append(result_.ood_vs_train, training.against.score);
  append(result_.mean_distance_to_train, training.against.mean_distance);
  append(result_.leak, training.against.leak);
  if (options_.search != analysis::SearchMethod::kExact)
    result_.curves["neighbour_recall_train"].push_back(training.against.recall);
  if (prediction.empty()) return;
  double right = 0;
  for (std::size_t i = 0; i < prediction.size(); ++i)
    right += prediction[i] == result_.train_label[i] ? 1 : 0;
  result_.curves["train_accuracy"].push_back(right / static_cast<double>(prediction.size()));
}

void CombinedAnalysis::add_motion(const analysis::Displacement& displacement, std::size_t frame) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const analysis::Points& shown = aligned_.points[frame];
  const Eigen::Matrix2d& map = aligned_.map[frame];
  analysis::Motion motion{kUnknown, kUnknown};
  analysis::Stability stability{kUnknown, kUnknown, kUnknown, kUnknown};
  if (frame > 0 && !std::isnan(displacement.distance.at(0))) {
    motion = analysis::motion_of(displacement, map_before_, map);
    stability = analysis::stability(displacement.distance, aligned_.points[frame - 1], shown);
  }
  append_to_curves(result_.curves, {{"camera_share", motion.camera_share},
                                    {"seen_share", motion.seen_share},
                                    {"stability_pearson", stability.pearson},
                                    {"stability_spearman", stability.spearman},
                                    {"stability_kendall", stability.kendall},
                                    {"stability_stress", stability.stress}});
  map_before_ = map;
}

// In the picture's coordinates, as the points are there.
void CombinedAnalysis::add_regions(const analysis::FrameAnalysis& of, std::size_t frame) {
  const analysis::Points &projected = points_[frame], &shown = aligned_.points[frame];
  const Eigen::Map<const analysis::PlaneClassifier> on_plane(
      of.plane_classifier.data(), static_cast<Eigen::Index>(of.plane_classifier.size() / 3), 3);
  const analysis::PlaneClassifier regions =
      analysis::moved(on_plane, aligned_.map[frame], projected.colwise().mean(), shown.colwise().mean());
  result_.plane_classifier.insert(result_.plane_classifier.end(), regions.data(),
                                  regions.data() + regions.size());
  result_.curves["region_agreement"].push_back(
      analysis::region_agreement(regions, shown, of.classification.prediction));
}

// Of the steps so far: the last value is the run's.
void CombinedAnalysis::add_temporal(std::size_t frame) {
  if (frame > 0) {
    const std::span all(result_.neighbour);
    const std::size_t size = all.size() / (frame + 1);
    const auto k = static_cast<std::int64_t>(size / result_.label.size());
    const auto moved = (aligned_.points[frame] - aligned_.points[frame - 1]).rowwise().norm();
    preservation_.add_step(
        analysis::kept_neighbours(all.subspan((frame - 1) * size, size), all.subspan(frame * size, size), k),
        moved.array());
  }
  const auto [mean, deviation] = preservation_.summary();
  append_to_curves(result_.curves,
                   {{"temporal_preservation", mean}, {"temporal_preservation_std", deviation}});
}

}  // namespace zoetrope::pipeline
