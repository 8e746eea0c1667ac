// SPDX-License-Identifier: Apache-2.0
// Planes that follow one another from checkpoint to checkpoint, so that what moves in the pictures is the
// model and not the camera. T checkpoints, D dimensions.
#pragma once

#include <vector>

#include <Eigen/Core>

#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::analysis {

// X^T X / |X|_F^2 of the centred rows, [D, D]: each checkpoint counts the same, however wide it is spread.
// Zero where all rows are equal.
Eigen::MatrixXd normalised_products(const Scatter& scatter);

// The `most` leading eigenvectors of a symmetric matrix, [D, min(D, most)]. Throws InputError where D < 2.
Eigen::MatrixXd leading_axes(const Eigen::MatrixXd& symmetric, Eigen::Index most);
// So many of the sum of all checkpoints' normalised products are the space in which planes are looked for:
// they hold all but some thousandths of the variance.
inline constexpr Eigen::Index kMostAxes = 64;

// `products` in terms of `axes`, [m, m]: axes^T products axes, the same bits whatever the number of threads.
Eigen::MatrixXd along_axes(const Eigen::MatrixXd& products, const Eigen::MatrixXd& axes);

// The planes B_t in the space of `axes`, [D, m], that maximise
//   sum over t of tr(B_t^T C_t B_t)  -  smoothness / 4 * sum over t of |B_t B_t^T - B_(t+1) B_(t+1)^T|_F^2,
// where C_t are `products`, normalised and in terms of the axes, [m, m]: explained variance on the one hand,
// on the other that a plane is where its neighbours are. Near 0 each is its checkpoint's own PCA; the larger,
// the more all are the same. The last one's columns are its principal axes, each with its largest coefficient
// positive; within each plane before it the columns are turned as near to the next one's as they can be.
//
// Found plane by plane, B_t as the two leading eigenvectors of C_t + smoothness / 2 * (its neighbours'
// projectors), over and over until no projector changes by more than 1e-11.
std::vector<Plane> smooth_planes(const Eigen::MatrixXd& axes, const std::vector<Eigen::MatrixXd>& products,
                                 double smoothness);

}  // namespace zoetrope::analysis
