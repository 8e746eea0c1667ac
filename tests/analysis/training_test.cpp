// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/training.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::analysis {
namespace {

// Float64 brute force, ties by index.
Neighbours brute_force(const at::Tensor& among, const at::Tensor& rows, std::int64_t k, Metric metric) {
  const at::Tensor a = rows.to(at::kDouble), b = among.to(at::kDouble);
  const auto unit = [](const at::Tensor& x) { return x / x.norm(2, 1, true).clamp_min(1e-300); };
  const at::Tensor distance =
      metric == Metric::kCosine ? 1 - at::mm(unit(a), unit(b).t()) : at::cdist(a, b, 2, 2);
  const auto [values, order] = distance.sort(/*stable=*/true, 1, false);
  Neighbours found{k, {}, {}};
  for (std::int64_t i = 0; i < rows.size(0); ++i)
    for (std::int64_t n = 0; n < k; ++n) {
      found.index.push_back(order[i][n].item<std::int64_t>());
      found.distance.push_back(values[i][n].item<double>());
    }
  return found;
}

void expect_brute_force(const at::Tensor& among, const at::Tensor& rows, std::int64_t k) {
  const Metric metric = metric_for(rows.size(1));
  const Neighbours found = nearest_among(among, rows, k, metric);
  const Neighbours expected = brute_force(among, rows, found.k, metric);
  EXPECT_EQ(found.index, expected.index);
  ASSERT_EQ(found.distance.size(), expected.distance.size());
  for (std::size_t n = 0; n < found.distance.size(); ++n)
    EXPECT_NEAR(found.distance[n], expected.distance[n], 1e-9);
}

TEST(TrainingTest, FindsTheNearestAmongOthersExactly) {
  at::manual_seed(1);
  for (const std::int64_t columns : {2, 3, 4, 33})
    for (const std::int64_t count : {1, 7, 200})
      expect_brute_force(at::randn({count, columns}), at::randn({77, columns}), 10);
  // All point the same way, as before a training: float32 alone would not tell them apart.
  const at::Tensor ray = 100 * at::randn({1, 16});
  expect_brute_force(ray + 1e-3 * at::randn({300, 16}), ray + 1e-3 * at::randn({50, 16}), 10);
}

TEST(TrainingTest, ScoresByTheScaleOfTheTrainingImages) {
  at::manual_seed(2);
  const at::Tensor training = at::randn({120, 8}), test = at::randn({40, 8});
  const AgainstTraining found = against_training(test, training, 10, Metric::kCosine);
  const Neighbours own = nearest_neighbours(training, 10, Metric::kCosine);
  std::vector<double> means;
  for (std::size_t i = 0; i < 120; ++i) {
    double sum = 0;
    for (std::size_t n = 0; n < 10; ++n) sum += own.distance[i * 10 + n];
    means.push_back(sum / 10);
  }
  std::ranges::sort(means);
  const double scale = (means[59] + means[60]) / 2;
  for (std::size_t i = 0; i < 40; ++i)
    EXPECT_NEAR(found.score[i], std::exp(-found.mean_distance[i] / scale), 1e-12);
}

TEST(TrainingTest, NamesTheNearestOfSeveralLeaks) {
  at::manual_seed(3);
  const at::Tensor training = at::randn({60, 16});
  at::Tensor test = at::randn({50, 16});
  test[4] = training[17];
  test[9] = training[20];
  training[21] = training[20] * (1 + 1e-4) + 1e-4 * at::randn({16});
  test[30] = test[31];  // of one another alone
  const auto leak = against_training(test, training, 10, Metric::kCosine).leak;
  std::vector<std::int64_t> expected(50, -1);
  expected[4] = 17;
  expected[9] = 20;
  EXPECT_EQ(leak, expected);
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance);
}

TEST(TrainingTest, ScoresTheSameInATurnedAndScaledSpaceAndInAnyOrder) {
  at::manual_seed(4);
  const at::Tensor training = at::randn({70, 8}), test = at::randn({30, 8});
  const auto score = [](const at::Tensor& rows, const at::Tensor& among) {
    return against_training(rows.contiguous(), among.contiguous(), 10, Metric::kCosine).score;
  };
  const std::vector<double> expected = score(test, training);
  const at::Tensor turn = std::get<0>(at::linalg_qr(at::randn({8, 8}, at::kDouble))).to(at::kFloat);
  expect_near(score(at::mm(test, turn), at::mm(training, turn)), expected, 1e-5);
  expect_near(score(1024 * test, training / 64), expected, 1e-12);
  const std::vector<double> turned = score(test.flip(0), training.flip(0));
  expect_near({turned.rbegin(), turned.rend()}, expected, 1e-12);
}

TEST(TrainingTest, OfEqualRowsAllAreTypicalAndLeaks) {
  const AgainstTraining found = against_training(at::ones({4, 8}), at::ones({5, 8}), 10, Metric::kCosine);
  EXPECT_EQ(found.score, std::vector<double>(4, 1.0));
  expect_near(found.mean_distance, std::vector<double>(4, 0.0), 1e-15);
  EXPECT_EQ(found.leak, std::vector<std::int64_t>(4, 0));
}

// Their distance is 1, as in scikit-learn; cleanlab takes equal rows for equal where it fits, not where it
// scores.
TEST(TrainingTest, OfRowsOfZerosNoneIsTypical) {
  const AgainstTraining found = against_training(at::zeros({4, 8}), at::zeros({5, 8}), 10, Metric::kCosine);
  EXPECT_EQ(found.score, std::vector<double>(4, 0.0));
  EXPECT_EQ(found.mean_distance, std::vector<double>(4, 1.0));
  EXPECT_EQ(found.leak, std::vector<std::int64_t>(4, 0));
}

TEST(TrainingTest, TakesTwoTrainingImagesAndRefusesOne) {
  at::manual_seed(5);
  const at::Tensor training = at::randn({2, 8}), test = at::randn({3, 8});
  const AgainstTraining found = against_training(test, training, 10, Metric::kCosine);
  const double scale = nearest_neighbours(training, 10, Metric::kCosine).distance[0];
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(found.score[i], std::exp(-found.mean_distance[i] / scale), 1e-12);
  EXPECT_THAT([&] { against_training(test, training.narrow(0, 0, 1), 10, Metric::kCosine); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("--train-sample")));
}

TEST(TrainingTest, RefusesWhatIsNotFinite) {
  at::Tensor training = at::randn({10, 4});
  training[3][1] = std::nan("");
  EXPECT_THROW(nearest_among(training, at::randn({5, 4}), 3, Metric::kCosine), InputError);
}

}  // namespace
}  // namespace zoetrope::analysis
