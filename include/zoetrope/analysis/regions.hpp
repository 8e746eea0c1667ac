// SPDX-License-Identifier: Apache-2.0
// Which class a linear classifier of embeddings would say at each place of the picture: where the classifier
// and the projection are linear, so is each logit on the plane, and the regions of the classes are convex
// polygons. They are exact for what lies in the plane. An image lies off it, and may be said to be of another
// class than its place is: how often it is not tells how much the regions tell (the prediction preserving
// rate of Yang et al., "DeepVisualInsight: Time-Travelling Visualization for Spatio-Temporal Causality of
// Deep Classification Training", 2022, for a plane).
#pragma once

#include <cstdint>
#include <span>

#include <Eigen/Core>

#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::analysis {

// Of embeddings x [D]: logits = weight x + bias.
struct LinearClassifier {
  Eigen::MatrixXd weight;  // [C, D]
  Eigen::VectorXd bias;    // [C]
};

// The logit of each class at (x, y): row (a, b, c) gives a x + b y + c.
using PlaneClassifier = Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>;  // [C, 3]

// On the plane of these axes through the embedding `through` [D], which is the mean of those that are shown:
// a projection fitted to others lies beside them.
PlaneClassifier on_plane(const LinearClassifier& classifier, const Pca& plane,
                         const Eigen::VectorXd& through);

// The same where p is shown at (p - from) map + to. NaN where the map has no inverse.
PlaneClassifier moved(const PlaneClassifier& classifier, const Eigen::Matrix2d& map,
                      const Eigen::RowVector2d& from, const Eigen::RowVector2d& to);

// The fraction of points in the region of what is predicted of them, `predictions` [N]: that is, whose
// greatest logit at their place, the first of several, is its. NaN where a number of the classifier is not
// finite.
double region_agreement(const PlaneClassifier& classifier, const Points& points,
                        std::span<const std::int64_t> predictions);

}  // namespace zoetrope::analysis
