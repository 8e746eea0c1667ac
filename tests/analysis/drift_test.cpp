// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/drift.hpp"

#include <cmath>
#include <vector>

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "analysis/golden.hpp"
#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

SimilarityInParts parts_of(const at::Tensor& before, const at::Tensor& after, TensorDevice device = {}) {
  return {before, Scatter::of(before, device), after, Scatter::of(after, device), device};
}

double linear_cka(const at::Tensor& before, const at::Tensor& after, TensorDevice device = {}) {
  return parts_of(before, after, device).linear_cka();
}

double shape_disparity(const at::Tensor& before, const at::Tensor& after) {
  return parts_of(before, after).shape_disparity();
}

class DriftGolden : public ::testing::Test {
 protected:
  Golden golden_;
  const support::Json& drift_ = golden_.at("drift");
  at::Tensor before_ = golden_.rows(drift_.at("before"));
  at::Tensor after_ = golden_.rows(drift_.at("after"));
  Points points_ = golden_.points(drift_.at("points"));
  std::vector<std::int64_t> labels_ = golden_.array<std::int64_t>(drift_.at("labels"));

  double expected(const std::string& name) const { return drift_.at(name).get<double>(); }
};

TEST_F(DriftGolden, KnnAccuracyEqualsKNeighborsClassifier) {
  const Neighbours neighbours = nearest_neighbours(before_, 10, Metric::kCosine);

  EXPECT_DOUBLE_EQ(knn_accuracy(neighbours, labels_), expected("knn_accuracy"));
}

TEST_F(DriftGolden, NeighbourPreservationEqualsSetsOfNearestNeighbors) {
  const Neighbours before = nearest_neighbours(before_, 10, Metric::kCosine);
  const Neighbours after = nearest_neighbours(after_, 10, Metric::kCosine);

  EXPECT_NEAR(neighbour_preservation(before, after), expected("neighbour_preservation"), 1e-12);
}

TEST_F(DriftGolden, LinearCkaEqualsNumpy) {
  EXPECT_NEAR(linear_cka(before_, after_), expected("linear_cka"), 1e-9);
  EXPECT_NEAR(linear_cka(before_, after_, at::Device(at::kCPU)), expected("linear_cka"), 1e-9);
}

TEST_F(DriftGolden, ClassSeparationEqualsNumpy) {
  EXPECT_NEAR(class_separation(points_, labels_), expected("class_separation"), 1e-9);
}

TEST(EffectiveRank, CountsTheDirectionsInWhichRowsAreSpread) {
  const at::Tensor line = at::mm(random_rows(50, 1), random_rows(1, 30, 2));
  at::Tensor corners = at::zeros({8, 4});  // one of each sign in each of four directions
  for (int i = 0; i < 8; ++i) corners[i][i / 2] = i % 2 == 0 ? 3 : -3;

  EXPECT_NEAR(effective_rank(Scatter::of(line)), 1.0, 1e-3);  // products of float32 are off the line
  EXPECT_NEAR(effective_rank(Scatter::of(corners)), 4.0, 1e-12);
  EXPECT_TRUE(std::isnan(effective_rank(Scatter::of(at::ones({5, 3})))));
}

TEST(KnnAccuracy, CountsMajoritiesAndGivesTiesToTheSmallestLabel) {
  const Neighbours neighbours{2, {1, 2, 0, 2, 0, 1}, std::vector<double>(6)};

  EXPECT_DOUBLE_EQ(knn_accuracy(neighbours, std::vector<std::int64_t>{4, 4, 7}), 2.0 / 3);  // 4, 4, 4
  EXPECT_DOUBLE_EQ(knn_accuracy(neighbours, std::vector<std::int64_t>{7, 7, 4}), 0.0);      // 4, 4, 7
}

TEST(KnnAccuracy, RefusesAnotherNumberOfLabels) {
  const Neighbours neighbours{1, {1, 0}, {0, 0}};

  EXPECT_THROW(knn_accuracy(neighbours, std::vector<std::int64_t>{1}), InputError);
}

TEST(NeighbourPreservation, IsTheFractionInCommonWhateverTheOrder) {
  const Neighbours before{2, {1, 2, 0, 2, 0, 1, 0, 1}, std::vector<double>(8)};
  const Neighbours after{2, {2, 1, 0, 3, 3, 1, 2, 1}, std::vector<double>(8)};

  EXPECT_DOUBLE_EQ(neighbour_preservation(before, before), 1.0);
  EXPECT_DOUBLE_EQ(neighbour_preservation(before, after), (2 + 1 + 1 + 1) / 8.0);
}

TEST(NeighbourPreservation, RefusesFramesThatDoNotMatch) {
  const Neighbours two{1, {1, 0}, {0, 0}};
  const Neighbours three{1, {1, 0, 0}, {0, 0, 0}};
  const Neighbours wide{2, {1, 2, 0, 2, 0, 1}, std::vector<double>(6)};

  EXPECT_THROW(neighbour_preservation(two, three), InputError);
  EXPECT_THROW(neighbour_preservation(three, wide), InputError);
}

TEST(LinearCka, IsOneAfterRotationScalingAndShift) {
  const at::Tensor rows = random_rows(400, 150);
  const at::Tensor rotation = std::get<0>(at::linalg_qr(random_rows(150, 150, 2)));

  EXPECT_NEAR(linear_cka(rows, rows), 1.0, 1e-12);
  EXPECT_NEAR(linear_cka(rows, at::mm(rows, rotation) * 3 + 5), 1.0, 1e-5);
}

TEST(LinearCka, TakesEmbeddingsOfDifferentWidths) {
  const at::Tensor rows = random_rows(40, 6);

  EXPECT_NEAR(linear_cka(rows, at::cat({rows, at::zeros({40, 3})}, 1)), 1.0, 1e-12);
}

double quick(const at::Tensor& before, const at::Tensor& after) {
  return quick_linear_cka(before, Scatter::of(before), after, Scatter::of(after));
}

TEST(QuickLinearCka, IsLinearCkaWhateverTheSizeOfTheValues) {
  const at::Tensor rows = random_rows(3000, 150), after = rows + random_rows(3000, 150, 4);
  const double expected = linear_cka(rows, after);

  EXPECT_NEAR(quick(rows, after), expected, 1e-6);
  EXPECT_NEAR(quick(rows * 1e18, after * 1e-18), expected, 1e-6);
  EXPECT_NEAR(quick(rows + 100, after), linear_cka(rows + 100, after), 1e-6);
  EXPECT_TRUE(std::isnan(quick(at::ones({5, 3}), random_rows(5, 3))));
  EXPECT_THROW(quick(rows, rows.narrow(0, 0, 5)), InputError);
}

TEST(SimilarityOfEmbeddings, SeesNoChangeInRotationScalingAndShift) {
  const at::Tensor rows = random_rows(400, 150);
  const at::Tensor rotation = std::get<0>(at::linalg_qr(random_rows(150, 150, 2)));
  SimilarityInParts same = parts_of(rows, at::mm(rows, rotation) * 3 + 5);

  EXPECT_NEAR(same.linear_cka(), 1.0, 1e-5);
  EXPECT_NEAR(same.shape_disparity(), 0.0, 1e-6);
  EXPECT_GT(shape_disparity(rows, random_rows(400, 150, 3)), 0.1);
  EXPECT_TRUE(std::isnan(shape_disparity(at::ones({5, 3}), random_rows(5, 3))));
}

TEST(LinearCka, IsNotANumberWhereAllRowsAreEqual) {
  EXPECT_TRUE(std::isnan(linear_cka(at::ones({5, 3}), random_rows(5, 3))));
}

TEST(LinearCka, RefusesAnotherNumberOfRows) {
  EXPECT_THROW(linear_cka(random_rows(5, 3), random_rows(6, 3)), InputError);
}

TEST(ClassSeparation, IsTheDistanceOfCentresOverTheSpread) {
  const Points points = (Points(4, 2) << 0, 1, 0, -1, 10, 2, 10, -2).finished();  // centres 10 apart

  EXPECT_DOUBLE_EQ(class_separation(points, std::vector<std::int64_t>{3, 3, 8, 8}), 10 / 1.5);
}

TEST(ClassSeparation, NeedsTwoClasses) {
  EXPECT_TRUE(std::isnan(class_separation(Points::Identity(2, 2), std::vector<std::int64_t>{1, 1})));
  EXPECT_TRUE(std::isnan(class_separation(Points(0, 2), {})));
  EXPECT_TRUE(std::isinf(class_separation(Points::Identity(2, 2), std::vector<std::int64_t>{1, 2})));
}

}  // namespace
}  // namespace zoetrope::analysis
