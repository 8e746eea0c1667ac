// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/temporal.hpp"

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace zoetrope::analysis {
namespace {

Eigen::ArrayXd values(std::initializer_list<double> of) {
  return Eigen::Map<const Eigen::ArrayXd>(of.begin(), static_cast<Eigen::Index>(of.size()));
}

TEST(KeptNeighbours, AreCountedWhateverTheirOrder) {
  const std::vector<std::int32_t> before = {1, 2, 3, 0, 2, 3}, after = {3, 1, 9, 7, 8, 9};

  const Eigen::ArrayXd kept = kept_neighbours(before, after, 3);

  ASSERT_EQ(kept.size(), 2);
  EXPECT_DOUBLE_EQ(kept[0], 2.0 / 3);
  EXPECT_DOUBLE_EQ(kept[1], 0.0);
}

TEST(TemporalPreservation, IsUnknownBeforeTheSecondStep) {
  TemporalPreservation preservation(1);
  EXPECT_TRUE(std::isnan(preservation.summary().mean));
  preservation.add_step(values({0.5}), values({1.0}));
  EXPECT_TRUE(std::isnan(preservation.summary().mean));
}

// What is expected is numpy.corrcoef's.
TEST(TemporalPreservation, IsTheMeanCorrelationOfImages) {
  TemporalPreservation preservation(3);
  preservation.add_step(values({0.9, 0.1, 0.7}), values({0.1, 1, 3}));
  preservation.add_step(values({0.5, 0.3, 0.7}), values({1, 2, 5}));
  preservation.add_step(values({0.2, 0.8, 0.7}), values({4, 2, 6}));

  const auto [mean, deviation] = preservation.summary();

  const double first = -0.9272853172019639, second = 0.7205766921228921, third = 0;  // it always kept as many
  EXPECT_NEAR(mean, (first + second + third) / 3, 1e-12);
  EXPECT_NEAR(deviation, std::sqrt((first * first + second * second + third * third) / 3 - mean * mean),
              1e-12);
}

TEST(TemporalPreservation, FollowsTheOrderOfImagesAndNotTheSizeOfThePicture) {
  TemporalPreservation preservation(3), turned(3), larger(3);
  for (const auto& [kept, moved] : {std::pair(values({0.9, 0.1, 0.4}), values({0.1, 1, 3})),
                                    std::pair(values({0.5, 0.3, 0.7}), values({1, 2, 5})),
                                    std::pair(values({0.2, 0.8, 0.5}), values({4, 2, 6}))}) {
    preservation.add_step(kept, moved);
    turned.add_step(kept.reverse(), moved.reverse());
    larger.add_step(kept, 1e6 * moved);
  }
  const auto expected = preservation.summary();
  for (const auto* other : {&turned, &larger}) {
    EXPECT_NEAR(other->summary().mean, expected.mean, 1e-12);
    EXPECT_NEAR(other->summary().standard_deviation, expected.standard_deviation, 1e-12);
  }
}

TEST(TemporalPreservation, IsZeroWhereNothingMovesOrNothingChanges) {
  TemporalPreservation still(2), kept(2);
  for (const double share : {0.1, 0.5, 0.9}) {
    still.add_step(values({share, 1 - share}), values({0, 0}));
    kept.add_step(values({1, 1}), values({share, 2 * share}));
  }
  for (const auto* preservation : {&still, &kept}) {
    EXPECT_EQ(preservation->summary().mean, 0);
    EXPECT_EQ(preservation->summary().standard_deviation, 0);
  }
}

TEST(TemporalPreservation, IsUnknownWithoutImages) {
  TemporalPreservation preservation(0);
  for (int step = 0; step < 3; ++step) preservation.add_step(values({}), values({}));
  EXPECT_TRUE(std::isnan(preservation.summary().mean));
}

}  // namespace
}  // namespace zoetrope::analysis
