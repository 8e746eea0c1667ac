// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/regions.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "zoetrope/analysis/alignment.hpp"

#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

constexpr std::int64_t kShownRows = 60, kShownColumns = 9;
constexpr Eigen::Index kClasses = 5;

LinearClassifier made_classifier() {
  const at::Tensor numbers = random_rows(kClasses, kShownColumns + 1, 7).contiguous();
  const Eigen::Map<const Eigen::Matrix<float, kClasses, kShownColumns + 1, Eigen::RowMajor>> values(
      numbers.const_data_ptr<float>());
  return {values.leftCols<kShownColumns>().cast<double>(), values.rightCols<1>().cast<double>()};
}

// Of the embedding at p on the plane through its own mean.
Eigen::VectorXd logits_at(const LinearClassifier& classifier, const Pca& plane, const Eigen::RowVector2d& p) {
  return classifier.weight * (plane.mean + plane.components.transpose() * p.transpose()) + classifier.bias;
}

Eigen::MatrixXd logits_of(const PlaneClassifier& regions, const Points& points) {
  return (points * regions.leftCols<2>().transpose()).rowwise() + regions.col(2).transpose();
}

TEST(Regions, HaveTheLogitsOfTheEmbeddingAtEachPlace) {
  const Pca plane = Pca::fit(Scatter::of(random_rows(kShownRows, kShownColumns)));
  const LinearClassifier classifier = made_classifier();
  const PlaneClassifier found = on_plane(classifier, plane, plane.mean);

  for (const Eigen::RowVector2d& p : {Eigen::RowVector2d(0, 0), {1, 0}, {-2.5, 3}}) {
    const Eigen::VectorXd logits = found * Eigen::Vector3d(p[0], p[1], 1);
    EXPECT_LT((logits - logits_at(classifier, plane, p)).cwiseAbs().maxCoeff(), 1e-12);
  }
}

TEST(Regions, AreThoseOfThePlaneThroughTheImagesMean) {
  const Pca plane = Pca::fit(Scatter::of(random_rows(kShownRows, kShownColumns)));  // fitted to others
  const LinearClassifier classifier = made_classifier();
  const at::Tensor rows = random_rows(kShownRows, kShownColumns, 3) + 2;
  const Eigen::VectorXd mean = Scatter::of(rows).mean;
  const PlaneClassifier found = on_plane(classifier, plane, mean);

  // There is the mean's own place, and from there the axes lead on.
  const Eigen::RowVector2d there = plane.transform(rows).colwise().mean();
  const Eigen::RowVector2d away(0.7, -1.2);
  const Eigen::VectorXd expected =
      classifier.weight * (mean + plane.components.transpose() * away.transpose()) + classifier.bias;
  const Eigen::Vector3d place(there[0] + away[0], there[1] + away[1], 1);
  EXPECT_LT((found * place - expected).cwiseAbs().maxCoeff(), 1e-5);
}

TEST(Regions, GoWithThePointsWhereverTheseAreShown) {
  std::vector<Points> projected;
  std::vector<PlaneClassifier> regions;
  for (int t = 0; t < 3; ++t) {
    const at::Tensor rows = random_rows(kShownRows, kShownColumns, t + 1) + 0.5 * t;
    Pca plane = Pca::fit(Scatter::of(rows));
    plane.mean.setConstant(0.1);  // as that of other images: the points' mean is not 0
    projected.push_back(plane.transform(rows));
    regions.push_back(on_plane(made_classifier(), plane, plane.mean));
  }
  for (const AlignTo reference : {AlignTo::kPrevious, AlignTo::kFirst, AlignTo::kLast, AlignTo::kNone})
    for (const ScaleOf scale : {ScaleOf::kFrame, ScaleOf::kRun}) {
      const AlignedFrames shown = align_frames(projected, reference, scale);
      for (std::size_t t = 0; t < projected.size(); ++t) {
        const PlaneClassifier there =
            moved(regions[t], shown.map[t], projected[t].colwise().mean(), shown.points[t].colwise().mean());
        const Eigen::MatrixXd before = logits_of(regions[t], projected[t]);
        const Eigen::MatrixXd after = logits_of(there, shown.points[t]);
        EXPECT_LT((after - before).cwiseAbs().maxCoeff(), 1e-9) << static_cast<int>(reference) << ", " << t;
      }
    }
}

TEST(Regions, AreUnknownWhereThePictureIsOfOnePoint) {
  const Pca plane = Pca::fit(Scatter::of(random_rows(kShownRows, kShownColumns)));
  const PlaneClassifier regions = on_plane(made_classifier(), plane, plane.mean);
  const Eigen::RowVector2d origin = Eigen::RowVector2d::Zero();
  const PlaneClassifier none = moved(regions, Eigen::Matrix2d::Zero(), origin, origin);

  EXPECT_TRUE(none.array().isNaN().all());
  EXPECT_TRUE(std::isnan(region_agreement(none, Points::Zero(1, 2), std::vector<std::int64_t>{0})));
}

TEST(Regions, AgreeWithPredictionsByTheFirstOfTheGreatest) {
  PlaneClassifier regions(3, 3);
  regions << 1, 0, 0, -1, 0, 0, -1, 0,
      0;  // right of the middle the first, left of it the second, as the third
  Points points(4, 2);
  points << 2, 0, -2, 0, 0, 5, -1, 1;

  EXPECT_EQ(region_agreement(regions, points, std::vector<std::int64_t>{0, 1, 0, 1}), 1.0);
  EXPECT_EQ(region_agreement(regions, points, std::vector<std::int64_t>{0, 2, 1, 1}), 0.5);
  EXPECT_TRUE(std::isnan(region_agreement(regions, Points(0, 2), {})));
}

TEST(Regions, AreUnknownOfAClassifierWithANumberThatIsNotFinite) {
  LinearClassifier classifier = made_classifier();
  classifier.weight(2, 3) = std::numeric_limits<double>::infinity();
  const Pca plane = Pca::fit(Scatter::of(random_rows(kShownRows, kShownColumns)));
  const PlaneClassifier regions = on_plane(classifier, plane, plane.mean);

  EXPECT_TRUE(std::isnan(region_agreement(regions, Points::Zero(1, 2), std::vector<std::int64_t>{0})));
}

}  // namespace
}  // namespace zoetrope::analysis
