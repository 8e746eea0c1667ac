// SPDX-License-Identifier: Apache-2.0
// Training images beside the test images, at one checkpoint. N test images, M training images, D dimensions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/analysis/classification.hpp"
#include "zoetrope/analysis/neighbours.hpp"

namespace zoetrope::analysis {

struct TrainingImages {
  at::Tensor rows;                      // float32 [M, D]
  at::Tensor logits;                    // float32 [M, classes]; undefined where there is no classifier
  std::span<const std::int64_t> label;  // [M]
};

// The test images, as the training images see them.
struct AgainstTraining {
  // [N], cleanlab's OutOfDistribution().fit(features=training).score(features=test): exp(-a / s), a the mean
  // distance to the k nearest training images, s the median of the same over the training images, at least
  // 1e-6; 1 where a is below the tolerance for the metric.
  std::vector<double> score;
  std::vector<double> mean_distance;  // [N], a
  // [N], the nearest training image that is a near duplicate, as cleanlab's Datalab finds them among all
  // images together; -1 where there is none.
  std::vector<std::int64_t> leak;
  // Of the search among all images together; NaN where that was exact.
  double recall = 0;
};

// Of the training images where nothing else is said. What is not known is NaN; without a classifier its
// vectors are empty.
struct TrainingAnalysis {
  std::vector<double> points;           // [M, 2], on the plane of the test images, before alignment
  Classification classification;        // [M]
  std::vector<double> before_on_plane;  // [M, 2], as in Displacement, from the mean of the test images
  std::vector<double> on_plane_before;  // [M, 2], likewise
  AgainstTraining against;              // of the test images
};

// `test`, `training`: float32 [N, D] and [M, D], N >= 1, M >= 2. k is cut to M - 1. Where there is an index,
// it finds near duplicates, and one of its kind the training images' own neighbours; those of a test image
// among them are always exact. The same bits whatever the number of threads. InputError as of
// nearest_neighbours().
AgainstTraining against_training(const at::Tensor& test, const at::Tensor& training, std::int64_t k,
                                 Metric metric, const SearchContext& context = {});

// The k nearest rows of `among`, [M, D], of each of `rows`, [N, D]: index and distance [N, k], nearest first,
// ties by index. k is cut to M. Distances as of nearest_neighbours(), but that equal rows are not set apart.
// On cores, without an index.
Neighbours nearest_among(const at::Tensor& among, const at::Tensor& rows, std::int64_t k, Metric metric,
                         const SearchContext& context = {});

}  // namespace zoetrope::analysis
