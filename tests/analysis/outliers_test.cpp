// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/outliers.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/golden.hpp"

namespace zoetrope::analysis {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<double> scores_of(const at::Tensor& rows) {
  const Metric metric = metric_for(rows.size(1));
  return outlier_scores(nearest_neighbours(rows, 10, metric), metric);
}

template <typename T>
void expect_near(const std::vector<double>& scores, const std::vector<T>& expected, double tolerance) {
  ASSERT_EQ(scores.size(), expected.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scores[i], static_cast<double>(expected[i]), tolerance) << "row " << i;
  }
}

class OutlierScoresOf : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Golden, OutlierScoresOf, ::testing::ValuesIn(names(Golden().at("sets"))),
                         [](const auto& test) { return test.param; });

TEST_P(OutlierScoresOf, EqualCleanlab) {
  const Golden golden;
  const support::Json& set = named(golden.at("sets"), GetParam());

  const std::vector<double> scores = scores_of(golden.rows(set.at("rows")));

  ASSERT_FALSE(set.at("score_float32").is_null() && set.at("score_float64").is_null());
  if (!set.at("score_float64").is_null()) {
    expect_near(scores, golden.array<double>(set.at("score_float64")), 1e-9);
  }
  if (!set.at("score_float32").is_null()) {
    const bool wide = set.at("score_float32").at("dtype") == "float64";
    if (wide) expect_near(scores, golden.array<double>(set.at("score_float32")), 1e-5);
    if (!wide) expect_near(scores, golden.array<float>(set.at("score_float32")), 1e-5);
  }
}

TEST(OutlierScores, DivideByTheMedianOfMeanDistances) {
  const Neighbours neighbours{2, {}, {1, 3, 4, 4, 5, 7}};  // means 2, 4, 6

  const std::vector<double> scores = outlier_scores(neighbours, Metric::kEuclidean);

  EXPECT_THAT(scores, ElementsAre(std::exp(-0.5), std::exp(-1.0), std::exp(-1.5)));
}

TEST(OutlierScores, AnEvenNumberHasTheMeanOfTheMiddleTwoAsMedian) {
  const Neighbours neighbours{1, {}, {4, 1, 3, 100}};

  EXPECT_DOUBLE_EQ(outlier_scores(neighbours, Metric::kEuclidean)[0], std::exp(-4 / 3.5));
}

TEST(OutlierScores, AreOneBelowTheToleranceOfTheMetric) {
  const Neighbours neighbours{1, {}, {1.1e-14, 1.2e-14, 1.4e-7, 1.6e-7}};

  const std::vector<double> cosine = outlier_scores(neighbours, Metric::kCosine);
  const std::vector<double> euclidean = outlier_scores(neighbours, Metric::kEuclidean);

  EXPECT_EQ(cosine[0], 1.0);
  EXPECT_LT(cosine[1], 1.0);
  EXPECT_EQ(euclidean[2], 1.0);
  EXPECT_LT(euclidean[3], 1.0);
}

TEST(OutlierScores, OfNothingAreNothing) {
  EXPECT_THAT(outlier_scores({}, Metric::kCosine), IsEmpty());
}

TEST(OutlierScores, OfEqualRowsAreAllTypical) {
  EXPECT_THAT(scores_of(at::full({30, 6}, 0.3F)), Each(1.0));
}

TEST(Worst, AreTheLowestScoresTiesByIndex) {
  const std::vector<double> scores = {0.5, 0.1, 0.9, 0.1, 0.05};

  EXPECT_THAT(worst(scores, 3), ElementsAre(4, 1, 3));
}

TEST(Worst, AreNeverMoreThanThereAre) {
  EXPECT_THAT(worst({0.5, 0.1}, 8), ElementsAre(1, 0));
  EXPECT_THAT(worst({0.5, 0.1}, 0), IsEmpty());
  EXPECT_THAT(worst({}, 8), IsEmpty());
}

}  // namespace
}  // namespace zoetrope::analysis
