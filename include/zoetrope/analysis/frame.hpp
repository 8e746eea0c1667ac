// SPDX-License-Identifier: Apache-2.0
// All that is computed of one checkpoint's embeddings alone, and of it and the one before it. N images, D
// dimensions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::analysis {

// What is not known is NaN; where there is no classifier, its vectors are empty.
struct FrameAnalysis {
  std::vector<double> score;             // [N], cleanlab's outlier scores
  std::vector<double> points;            // [N, 2], before alignment
  std::vector<std::int64_t> prediction;  // [N]; this and the next two as in Classification
  std::vector<double> confidence;        // [N]
  std::vector<double> self_confidence;   // [N]
  double explained_variance_ratio[2] = {0, 0};
  double accuracy = 0;
  double knn_accuracy = 0;
  double neighbour_preservation = 0;
  double linear_cka = 0;
  // How long it took.
  double outlier_seconds = 0;
  double pca_seconds = 0;
};

// The checkpoint before, to compare with.
struct Predecessor {
  at::Tensor rows;  // float32 [N, D]
  Neighbours neighbours;
};

struct FrameInput {
  at::Tensor rows;                      // float32 [N, D]
  std::vector<float> logits;            // [N, num_classes]
  std::size_t num_classes = 0;          // 0: there is no classifier
  std::span<const std::int64_t> label;  // [N]
};

// `shared`: the projection of all frames; without it PCA is fitted on this one. `before` is compared with,
// where it is given, and replaced by this checkpoint. `device` multiplies matrices.
FrameAnalysis analyze_frame(const FrameInput& input, std::int64_t num_neighbours,
                            const std::optional<Pca>& shared, std::optional<Predecessor>& before,
                            TensorDevice device);

}  // namespace zoetrope::analysis
