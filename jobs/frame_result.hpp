// SPDX-License-Identifier: Apache-2.0
// What is computed of one checkpoint's embeddings, and how it travels from the rank that has it to rank 0.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/projection.hpp"
#include "zoetrope/store/embeddings_file.hpp"

namespace zoetrope::jobs {

struct FrameResult {
  std::vector<double> score;       // [N]
  std::vector<double> points;      // [N, 2], before alignment
  std::vector<double> prediction;  // [N], or empty where the model has no classifier; so are the next two
  std::vector<double> confidence;  // [N]
  std::vector<double> self_confidence;  // [N]
  double epoch = 0;
  double ratio[2] = {0, 0};
  // Companion curves; nan where there is none.
  double accuracy = 0;
  double knn_accuracy = 0;
  double neighbour_preservation = 0;
  double linear_cka = 0;
  // How long this rank took.
  double outlier_seconds = 0;
  double pca_seconds = 0;
};

// The checkpoint before, to compare with.
struct Predecessor {
  store::Embeddings embeddings;
  analysis::Neighbours neighbours;
};

at::Tensor rows_of(const store::Embeddings& embeddings);  // float32 [N, D], a view

// `shared`: the projection of all frames; without it PCA is fitted on this one. `before` is read, then
// replaced by this checkpoint. `device` multiplies matrices.
FrameResult analyze_frame(store::Embeddings embeddings, const std::vector<std::int64_t>& labels,
                          std::int64_t num_neighbours, const std::optional<analysis::Pca>& shared,
                          std::optional<Predecessor>& before, analysis::TensorDevice device);

// A row of doubles of the same length for every frame of a run.
std::vector<double> pack(const FrameResult& result);
FrameResult unpack(const double* row, std::size_t num_images, bool has_classifier);

}  // namespace zoetrope::jobs
