// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/frame.hpp"

#include <limits>

#include <ATen/ATen.h>

#include "zoetrope/analysis/classification.hpp"
#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/support/stopwatch.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::analysis {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

Neighbours score_outliers(const FrameInput& input, std::int64_t num_neighbours, TensorDevice device,
                          FrameAnalysis& result) {
  const trace::Span span("neighbours", "images", input.rows.size(0));
  const support::Stopwatch watch;
  const auto metric = metric_for(input.rows.size(1));
  Neighbours neighbours = nearest_neighbours(input.rows, num_neighbours, metric, device);
  result.score = outlier_scores(neighbours, metric);
  result.outlier_seconds = watch.seconds();
  result.knn_accuracy = knn_accuracy(neighbours, input.label);
  return neighbours;
}

void project(const at::Tensor& rows, const std::optional<Pca>& shared, TensorDevice device,
             FrameAnalysis& result) {
  const trace::Span span("PCA", "images", rows.size(0));
  const support::Stopwatch watch;
  const Pca pca = shared ? *shared : Pca::fit(rows, device);
  const Points points = pca.transform(rows);
  result.points.assign(points.data(), points.data() + points.size());
  result.explained_variance_ratio[0] = pca.explained_variance_ratio[0];
  result.explained_variance_ratio[1] = pca.explained_variance_ratio[1];
  result.pca_seconds = watch.seconds();
}

void read_classifier(const FrameInput& input, FrameAnalysis& result) {
  const trace::Span span("classifier");
  result.accuracy = kUnknown;
  if (input.num_classes == 0) return;
  Classification said = classify(input.logits, input.num_classes, input.label);
  result.accuracy = said.accuracy;
  result.prediction = std::move(said.prediction);
  result.confidence = std::move(said.confidence);
  result.self_confidence = std::move(said.self_confidence);
}

}  // namespace

FrameAnalysis analyze_frame(const FrameInput& input, std::int64_t num_neighbours,
                            const std::optional<Pca>& shared, std::optional<Predecessor>& before,
                            TensorDevice device) {
  FrameAnalysis result;
  Neighbours neighbours = score_outliers(input, num_neighbours, device, result);
  project(input.rows, shared, device, result);
  read_classifier(input, result);
  const trace::Span span("comparing with the frame before");
  result.neighbour_preservation = before ? neighbour_preservation(before->neighbours, neighbours) : kUnknown;
  result.linear_cka = before ? linear_cka(before->rows, input.rows, device) : kUnknown;
  before = Predecessor{input.rows, std::move(neighbours)};
  return result;
}

}  // namespace zoetrope::analysis
