// SPDX-License-Identifier: Apache-2.0
// Whether images move in the picture where their neighbourhood in the embedding changes, over all
// checkpoints.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

namespace zoetrope::analysis {

// Of each image the part of its k neighbours that it keeps from one checkpoint to the next. `before`,
// `after`: [N, k] of the same N images.
Eigen::ArrayXd kept_neighbours(std::span<const std::int32_t> before, std::span<const std::int32_t> after,
                               std::int64_t k);

// Temporal preservation (Yang et al., "DeepVisualInsight", 2022): of each image the correlation, over the
// steps from checkpoint to checkpoint, of the part of its neighbours that it keeps with how far it moves in
// the picture. The more negative, the better: what stands still has its neighbours still.
class TemporalPreservation {
 public:
  explicit TemporalPreservation(std::int64_t num_images);

  // `moved`: [N], distances in the picture.
  void add_step(const Eigen::ArrayXd& kept, const Eigen::ArrayXd& moved);

  // Of the correlations of all images, 0 where either number is the same in all steps. NaN before the second
  // step.
  struct Summary {
    double mean = 0;
    double standard_deviation = 0;
  };
  Summary summary() const;

 private:
  // Of the numbers so far (Welford, "Note on a method for calculating corrected sums of squares and
  // products", 1962).
  double num_steps_ = 0;
  Eigen::ArrayXd mean_kept_, mean_moved_, kept_squares_, moved_squares_, products_;
};

}  // namespace zoetrope::analysis
