// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/motion.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

Motion motion_between(const at::Tensor& before, const Pca& plane_before, const at::Tensor& after,
                      const Pca& plane_after) {
  return motion_of(displacement_between(before, plane_before, after, plane_after),
                   Eigen::Matrix2d::Identity(), Eigen::Matrix2d::Identity());
}

TEST(Motion, IsTheModelsWhereThePlaneStays) {
  const at::Tensor before = random_rows(300, 20), after = before + 0.1 * random_rows(300, 20, 2);
  const Pca plane = Pca::fit(Scatter::of(before));
  const Motion motion = motion_between(before, plane, after, plane);

  EXPECT_NEAR(motion.camera_share, 0.0, 1e-12);
  EXPECT_NEAR(motion.seen_share, 0.1, 0.05);  // two of twenty directions
}

TEST(Motion, IsTheCamerasWhereTheModelStays) {
  const at::Tensor rows = random_rows(300, 20);
  const Motion motion =
      motion_between(rows, Pca::fit(Scatter::of(rows)), rows, Pca::fit(Scatter::of(random_rows(300, 20, 2))));

  EXPECT_NEAR(motion.camera_share, 1.0, 1e-12);
  EXPECT_TRUE(std::isnan(motion.seen_share));
}

TEST(Motion, IsUnknownWhereNothingMoves) {
  const at::Tensor rows = random_rows(30, 5);
  const Pca plane = Pca::fit(Scatter::of(rows));

  EXPECT_TRUE(std::isnan(motion_between(rows, plane, rows, plane).camera_share));
}

TEST(Motion, IsTheSameInATurnedSpace) {
  const at::Tensor before = random_rows(200, 9), after = before + 0.3 * random_rows(200, 9, 2);
  const at::Tensor turn = std::get<0>(at::linalg_qr(random_rows(9, 9, 3)));
  const at::Tensor turned = at::mm(before, turn), turned_after = at::mm(after, turn);
  const Motion motion =
      motion_between(before, Pca::fit(Scatter::of(before)), after, Pca::fit(Scatter::of(after)));
  // A turned PCA may mirror its axes, which map_of_plane() takes back as an alignment would.
  const Pca plane = Pca::fit(Scatter::of(turned)), plane_after = Pca::fit(Scatter::of(turned_after));
  const Motion in_turned = motion_of(
      displacement_between(turned, plane, turned_after, plane_after),
      map_of_plane(plane.transform(turned), Pca::fit(Scatter::of(before)).transform(before)),
      map_of_plane(plane_after.transform(turned_after), Pca::fit(Scatter::of(after)).transform(after)));

  EXPECT_NEAR(in_turned.camera_share, motion.camera_share, 1e-5);
  EXPECT_NEAR(in_turned.seen_share, motion.seen_share, 1e-5);
}

TEST(Motion, RefusesFramesThatDoNotMatch) {
  const at::Tensor rows = random_rows(30, 5);
  const Pca plane = Pca::fit(Scatter::of(rows));

  EXPECT_THROW(displacement_between(rows, plane, random_rows(31, 5), plane), InputError);
}

TEST(MapOfPlane, FindsTurnScaleAndShift) {
  const Points points = Points::Random(50, 2);
  const Eigen::Matrix2d map = (Eigen::Matrix2d() << 0, 2, -2, 0).finished();
  const Points shown = (points * map).rowwise() + Eigen::RowVector2d(3, 4);

  EXPECT_LT((map_of_plane(points, shown) - map).norm(), 1e-12);
  EXPECT_EQ(map_of_plane(Points::Zero(5, 2), Points::Zero(5, 2)), Eigen::Matrix2d::Zero());
}

TEST(Stability, IsPerfectWherePictureAndEmbeddingMoveAlike) {
  Points before = Points::Zero(4, 2), after = before;
  after.col(0) << 1, 2, 3, 4;
  const Stability stable = stability({2, 4, 6, 8}, before, after);

  EXPECT_NEAR(stable.pearson, 1, 1e-12);
  EXPECT_NEAR(stable.spearman, 1, 1e-12);
  EXPECT_NEAR(stable.kendall, 1, 1e-12);
  EXPECT_NEAR(stable.stress, 0, 1e-12);
  EXPECT_TRUE(std::isnan(stability({1, 1, 1, 1}, before, after).pearson));
  EXPECT_TRUE(std::isnan(stability({0, 0, 0, 0}, before, after).stress));
}

// The definition, pair by pair.
double tau_of(const std::vector<double>& a, const std::vector<double>& b) {
  const auto sign = [](double x) { return (x > 0) - (x < 0); };
  double difference = 0, ordered_by_a = 0, ordered_by_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      difference += sign(a[i] - a[j]) * sign(b[i] - b[j]);
      ordered_by_a += a[i] != a[j] ? 1 : 0;
      ordered_by_b += b[i] != b[j] ? 1 : 0;
    }
  }
  return difference / std::sqrt(ordered_by_a * ordered_by_b);
}

TEST(Stability, CountsPairsThatAreTied) {
  std::mt19937_64 draw(7);
  for (const std::uint64_t values : {2, 3, 20, 1000000}) {
    Points before = Points::Zero(200, 2), after = before;
    std::vector<double> moved(200), drawn(200);
    for (std::size_t i = 0; i < moved.size(); ++i) {
      moved[i] = static_cast<double>(draw() % values);
      drawn[i] = static_cast<double>(draw() % values) + moved[i];
      after(static_cast<Eigen::Index>(i), 0) = drawn[i];
    }
    EXPECT_NEAR(stability(moved, before, after).kendall, tau_of(moved, drawn), 1e-12) << values;
  }
}

}  // namespace
}  // namespace zoetrope::analysis
