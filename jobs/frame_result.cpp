// SPDX-License-Identifier: Apache-2.0
#include "frame_result.hpp"

#include <array>
#include <limits>

#include <ATen/ATen.h>

#include "zoetrope/analysis/classification.hpp"
#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/outliers.hpp"

#include "context.hpp"

namespace zoetrope::jobs {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// One list of the parts, so that packing and unpacking cannot disagree.
template <typename Result>
auto scalars(Result& result) {
  return std::array{&result.epoch,      &result.ratio[0],        &result.ratio[1],
                    &result.accuracy,   &result.knn_accuracy,    &result.neighbour_preservation,
                    &result.linear_cka, &result.outlier_seconds, &result.pca_seconds};
}

template <typename Result>
auto vectors(Result& result) {
  return std::array{&result.score, &result.points, &result.prediction, &result.confidence,
                    &result.self_confidence};
}

void score_outliers(const at::Tensor& rows, const std::vector<std::int64_t>& labels,
                    std::int64_t num_neighbours, analysis::TensorDevice device, FrameResult& result,
                    analysis::Neighbours& neighbours) {
  const Stopwatch watch;
  const auto metric = analysis::metric_for(rows.size(1));
  neighbours = analysis::nearest_neighbours(rows, num_neighbours, metric, device);
  result.score = analysis::outlier_scores(neighbours, metric);
  result.outlier_seconds = watch.seconds();
  result.knn_accuracy = analysis::knn_accuracy(neighbours, labels);
}

void project(const at::Tensor& rows, const std::optional<analysis::Pca>& shared,
             analysis::TensorDevice device, FrameResult& result) {
  const Stopwatch watch;
  const analysis::Pca pca = shared ? *shared : analysis::Pca::fit(rows, device);
  const analysis::Points points = pca.transform(rows);
  result.points.assign(points.data(), points.data() + points.size());
  result.ratio[0] = pca.explained_variance_ratio[0];
  result.ratio[1] = pca.explained_variance_ratio[1];
  result.pca_seconds = watch.seconds();
}

void classify(const store::Embeddings& embeddings, const std::vector<std::int64_t>& labels,
              FrameResult& result) {
  result.accuracy = kUnknown;
  if (embeddings.identity.num_classes == 0) return;
  const auto said = analysis::classify(embeddings.logits,
                                       static_cast<std::size_t>(embeddings.identity.num_classes), labels);
  result.accuracy = said.accuracy;
  result.prediction.assign(said.prediction.begin(), said.prediction.end());
  result.confidence = said.confidence;
  result.self_confidence = said.self_confidence;
}

}  // namespace

at::Tensor rows_of(const store::Embeddings& embeddings) {
  return at::from_blob(const_cast<float*>(embeddings.values.data()),
                       {embeddings.identity.num_rows, embeddings.identity.num_columns},
                       at::TensorOptions().dtype(at::kFloat));
}

FrameResult analyze_frame(store::Embeddings embeddings, const std::vector<std::int64_t>& labels,
                          std::int64_t num_neighbours, const std::optional<analysis::Pca>& shared,
                          std::optional<Predecessor>& before, analysis::TensorDevice device) {
  FrameResult result;
  result.epoch = embeddings.identity.epoch;
  const at::Tensor rows = rows_of(embeddings);
  analysis::Neighbours neighbours;
  score_outliers(rows, labels, num_neighbours, device, result, neighbours);
  project(rows, shared, device, result);
  classify(embeddings, labels, result);
  result.neighbour_preservation =
      before ? analysis::neighbour_preservation(before->neighbours, neighbours) : kUnknown;
  result.linear_cka = before ? analysis::linear_cka(rows_of(before->embeddings), rows, device) : kUnknown;
  before = Predecessor{std::move(embeddings), std::move(neighbours)};
  return result;
}

std::vector<double> pack(const FrameResult& result) {
  std::vector<double> row;
  for (const auto* scalar : scalars(result)) row.push_back(*scalar);
  for (const auto* part : vectors(result)) row.insert(row.end(), part->begin(), part->end());
  return row;
}

FrameResult unpack(const double* row, std::size_t num_images, bool has_classifier) {
  FrameResult result;
  for (double* scalar : scalars(result)) *scalar = *row++;
  for (auto* part : vectors(result)) {
    const bool of_classifier = part != &result.score && part != &result.points;
    const std::size_t count =
        of_classifier && !has_classifier ? 0 : (part == &result.points ? 2 : 1) * num_images;
    part->assign(row, row + count);
    row += count;
  }
  return result;
}

}  // namespace zoetrope::jobs
