// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <Eigen/SVD>

#include "zoetrope/analysis/projection.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::analysis {
namespace {

// Centred, and scaled to a Frobenius norm of 1, from which it was `norm`.
struct Standardised {
  Points points;
  double norm;
};

Standardised standardised(const Points& points, const std::string& what) {
  if (!points.allFinite()) throw InputError("procrustes: " + what + " has a coordinate that is not finite");
  const bool one_point = points.rows() == 0 || (points.rowwise() - points.row(0)).isZero(0.0);
  const Points centred = points.rowwise() - points.colwise().mean();
  const double norm = centred.norm();
  if (one_point || norm == 0) {
    throw InputError(
        "procrustes: " + what +
        " has a single distinct point: all its embeddings are equal, the model has collapsed or was "
        "not loaded; look at it with zoetrope inspect, or use --align none");
  }
  return {centred / norm, norm};
}

}  // namespace

Aligned procrustes(const Points& reference, const Points& points) {
  if (reference.rows() != points.rows()) {
    throw InputError("procrustes: the reference has " + std::to_string(reference.rows()) +
                     " points, the frame " + std::to_string(points.rows()));
  }
  const Points to = standardised(reference, "the reference").points;
  const auto [from, norm] = standardised(points, "the frame");
  // Schoenemann (1966): the orthogonal R that takes `to` nearest to `from` is U V^T of svd(to^T from).
  const Eigen::Matrix2d cross = to.transpose() * from;
  const Eigen::JacobiSVD<Eigen::Matrix2d> svd(cross, Eigen::ComputeFullU | Eigen::ComputeFullV);
  if (svd.info() != Eigen::Success) throw RunError("procrustes: the singular value decomposition failed");
  const Eigen::Matrix2d rotation = svd.matrixU() * svd.matrixV().transpose();
  Aligned aligned;
  aligned.points = from * rotation.transpose() * svd.singularValues().sum();
  aligned.disparity = (to - aligned.points).squaredNorm();
  aligned.map = rotation.transpose() * (svd.singularValues().sum() / norm);
  return aligned;
}

Points stretch(const Points& points, double largest) {
  const double extent = points.rows() == 0 ? 0.0 : points.cwiseAbs().maxCoeff();
  return extent == 0 ? points : Points(points * (largest / extent));
}

}  // namespace zoetrope::analysis
