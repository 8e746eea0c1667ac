// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/passage.hpp"

#include <cmath>

#include <Eigen/Geometry>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <gtest/gtest.h>

#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::analysis {
namespace {

Plane some_plane(unsigned seed, int dimensions = 9) {
  std::srand(seed);
  return Eigen::HouseholderQR<Plane>(Plane::Random(dimensions, 2)).householderQ() *
         Plane::Identity(dimensions, 2);
}

Eigen::Matrix2d turned(double angle, double scale) {
  return scale * Eigen::Rotation2Dd(angle).toRotationMatrix();
}

Plane plane_at(const Passage& passage, const Plane& before, const Plane& after, double share) {
  const Passage::Weights weights = passage.at(share);
  return before * weights.on_before + after * weights.on_after;
}

// The largest angle between two planes, whatever basis they have.
double angle_between(const Plane& a, const Plane& b) {
  const Plane x = Eigen::HouseholderQR<Plane>(a).householderQ() * Plane::Identity(a.rows(), 2);
  const Plane y = Eigen::HouseholderQR<Plane>(b).householderQ() * Plane::Identity(b.rows(), 2);
  const Eigen::Vector2d cosines = Eigen::JacobiSVD<Eigen::Matrix2d>(x.transpose() * y).singularValues();
  return std::acos(std::min(1.0, cosines[1]));
}

TEST(Passage, BeginsAndEndsAtTheFrames) {
  const Plane before = some_plane(1), after = some_plane(2);
  const Passage passage{before.transpose() * after, turned(0.3, 2), turned(-1.2, 5)};

  EXPECT_LT((plane_at(passage, before, after, 0) - before * passage.map_before).norm(), 1e-12);
  EXPECT_LT((plane_at(passage, before, after, 1) - after * passage.map_after).norm(), 1e-12);
}

TEST(Passage, IsAProjectionInOneScaleAllTheWay) {
  const Plane before = some_plane(3), after = some_plane(4);
  const Passage passage{before.transpose() * after, turned(2, 3), turned(0.5, 3)};

  for (const double share : {0.1, 0.25, 0.5, 0.9}) {
    const Plane plane = plane_at(passage, before, after, share) / 3;
    EXPECT_LT((plane.transpose() * plane - Eigen::Matrix2d::Identity()).norm(), 1e-12) << share;
  }
}

TEST(Passage, TurnsAtAConstantSpeed) {
  const Plane before = some_plane(5), after = some_plane(6);
  const Passage passage{before.transpose() * after, turned(0, 1), turned(0, 1)};
  const double whole = angle_between(before, after);

  for (const double share : {0.2, 0.5, 0.7})
    EXPECT_NEAR(angle_between(before, plane_at(passage, before, after, share)), share * whole, 1e-9);
}

TEST(Passage, OnlyTurnsInAPlaneThatStays) {
  const Plane plane = some_plane(7);
  const Passage passage{Eigen::Matrix2d::Identity(), turned(0, 1), turned(1, 2)};

  EXPECT_LT((plane_at(passage, plane, plane, 0.5) - plane * turned(0.5, 1.5)).norm(), 1e-9);
}

TEST(Passage, GoesFromAPlaneToOneAtRightAngles) {
  Plane before = Plane::Zero(4, 2), after = Plane::Zero(4, 2);
  before(0, 0) = before(1, 1) = after(2, 0) = after(3, 1) = 1;
  const Passage passage{before.transpose() * after, turned(0, 1), turned(0, 1)};
  const Plane half = plane_at(passage, before, after, 0.5);

  EXPECT_LT((half.transpose() * half - Eigen::Matrix2d::Identity()).norm(), 1e-12);
  EXPECT_NEAR(angle_between(before, half), M_PI / 4, 1e-9);
}

TEST(Passage, PassesThroughALineWhereTheFramesMirrorOneAnother) {
  const Plane plane = some_plane(8);
  Eigen::Matrix2d mirror = Eigen::Matrix2d::Identity();
  mirror(1, 1) = -1;
  const Passage passage{Eigen::Matrix2d::Identity(), Eigen::Matrix2d::Identity(), mirror};

  EXPECT_LT((plane_at(passage, plane, plane, 1) - plane * mirror).norm(), 1e-12);
  EXPECT_NEAR(plane_at(passage, plane, plane, 0.5).col(1).norm(), 0, 1e-12);
}

}  // namespace
}  // namespace zoetrope::analysis
