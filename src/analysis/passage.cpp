// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/passage.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>
#include <Eigen/SVD>

namespace zoetrope::analysis {

namespace {

using Svd2 = Eigen::JacobiSVD<Eigen::Matrix2d>;

// sin(share * angle) / sin(angle), also where there is no angle.
double slerp_weight(double share, double angle) {
  constexpr double kNoAngle = 1e-7;
  return angle < kNoAngle ? share : std::sin(share * angle) / std::sin(angle);
}

// What turns, mirrors and scales on the way from one map of the plane to another.
Eigen::Matrix2d map_between(const Eigen::Matrix2d& before, const Eigen::Matrix2d& after, double share) {
  const Svd2 first(before, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Svd2 last(after, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Eigen::Matrix2d turn_before = first.matrixU() * first.matrixV().transpose();
  const Eigen::Matrix2d turn = turn_before.transpose() * last.matrixU() * last.matrixV().transpose();
  if (turn.determinant() < 0) return (1 - share) * before + share * after;
  const double angle = std::atan2(turn(1, 0), turn(0, 0));
  const double scale = (1 - share) * first.singularValues().mean() + share * last.singularValues().mean();
  return scale * turn_before * Eigen::Rotation2Dd(share * angle).toRotationMatrix();
}

}  // namespace

Passage::Weights Passage::at(double share) const {
  // The planes' principal vectors, V_0 U and V_1 W, meet in pairs at the angles whose cosines are the
  // singular values.
  const Svd2 svd(cosines, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Eigen::Matrix2d& u = svd.matrixU();
  const Eigen::Matrix2d& w = svd.matrixV();
  Eigen::Vector2d before, after;
  for (int i = 0; i < 2; ++i) {
    const double angle = std::acos(std::clamp(svd.singularValues()[i], 0.0, 1.0));
    before[i] = slerp_weight(1 - share, angle);
    after[i] = slerp_weight(share, angle);
  }
  const Eigen::Matrix2d map = map_between(u.transpose() * map_before, w.transpose() * map_after, share);
  return {u * before.asDiagonal() * map, w * after.asDiagonal() * map};
}

}  // namespace zoetrope::analysis
