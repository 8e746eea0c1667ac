// SPDX-License-Identifier: Apache-2.0
// The way from one frame to the next along which every in-between picture is a projection of the embedding,
// too.
#pragma once

#include <Eigen/Core>

namespace zoetrope::analysis {

// Two frames Y_t = X_t V_t M_t, t = 0 and 1: centred embeddings on planes V, [D, 2] with orthonormal columns,
// and in them turned, mirrored and scaled by M.
struct Passage {
  Eigen::Matrix2d cosines;     // V_0^T V_1
  Eigen::Matrix2d map_before;  // M_0; see map_of_plane()
  Eigen::Matrix2d map_after;   // M_1

  // At a share s of the way the embedding is X = (1 - s) X_0 + s X_1, and its picture X (V_0 A + V_1 B).
  struct Weights {
    Eigen::Matrix2d on_before;  // A
    Eigen::Matrix2d on_after;   // B
  };
  // V_0 A + V_1 B is the plane on the geodesic from V_0 to V_1, which turns at a constant speed (Buja, Cook,
  // Asimov and Hurley, "Computational Methods for High-Dimensional Rotations in Data Visualization", 2005),
  // in it turned and scaled evenly from M_0 to M_1. Where these mirror one another there is no turn from one
  // to the other: then they are mixed, and the picture passes through a line.
  Weights at(double share) const;
};

}  // namespace zoetrope::analysis
