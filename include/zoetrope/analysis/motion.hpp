// SPDX-License-Identifier: Apache-2.0
// What moves from one frame of an animation to the next: the model, or the plane onto which it is projected.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <Eigen/Core>

#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::analysis {

// Both embeddings X, float32 [N, D], centred, on the planes V of both frames.
struct Displacement {
  std::vector<double> distance;            // [N], of each row to where it was
  double squared_length = 0;               // |X_1 - X_0|_F^2
  Eigen::Matrix<double, 8, 8> products{};  // M^T M of M = [X_1 V_1, X_0 V_1, X_1 V_0, X_0 V_0], [N, 8]
  std::vector<double> before_on_plane;     // X_0 V_1, [N, 2]
  std::vector<double> on_plane_before;     // X_1 V_0, [N, 2]
  Eigen::Matrix2d cosines{};               // V_0^T V_1
};
Displacement displacement_between(const at::Tensor& before, const Pca& plane_before, const at::Tensor& after,
                                  const Pca& plane_after);

// The map of the plane that takes `projected` to `shown` but for a shift, with the least squares.
Eigen::Matrix2d map_of_plane(const Points& projected, const Points& shown);

// A shown frame is Y = X A, A = V times its map of the plane, so that what it moves by is, exactly,
//   Y_1 - Y_0 = (X_1 - X_0) (A_1 + A_0) / 2  +  (X_1 + X_0) / 2 (A_1 - A_0)  =  data + camera.
// NaN where nothing moves.
struct Motion {
  double camera_share = 0;  // |camera|^2 / (|data|^2 + |camera|^2): 1 where the plane alone moves
  double seen_share = 0;    // |data|^2 / |s (X_1 - X_0)|^2, s the frames' mean scale: how much of the model's
                            // motion lies in the plane
};
Motion motion_of(const Displacement& displacement, const Eigen::Matrix2d& map_before,
                 const Eigen::Matrix2d& map_after);

// Whether what moves far in the picture moves far in the embedding. Vernier et al., "Quantitative Evaluation
// of Time-Dependent Multidimensional Projection Techniques" (2020). NaN where all move by the same.
struct Stability {
  double pearson = 0;   // scipy.stats.pearsonr
  double spearman = 0;  // scipy.stats.spearmanr
  double kendall = 0;   // scipy.stats.kendalltau, tau-b
  double stress = 0;    // sum (a / max a - b / max b)^2 / sum (a / max a)^2 of distances a and b
};
Stability stability(const std::vector<double>& moved, const Points& shown_before, const Points& shown_after);

}  // namespace zoetrope::analysis
