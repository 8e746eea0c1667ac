// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/data/sampler.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

namespace zoetrope::data {
namespace {

std::vector<std::int64_t> sorted(std::vector<std::int64_t> values) {
  std::ranges::sort(values);
  return values;
}

std::vector<std::int64_t> counting(std::int64_t n) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

Sampler ten_images_by_four() {
  Sampler sampler;
  sampler.seed = 1;
  sampler.num_images = 10;
  sampler.batch_size = 4;
  return sampler;
}

TEST(EpochOrder, IsAPermutation) {
  for (const std::int64_t n : {0, 1, 2, 97, 60000})
    EXPECT_EQ(sorted(epoch_order(42, 3, n)), counting(n)) << n;
}

TEST(EpochOrder, NeverChanges) {
  // A change here makes every interrupted run go on with other batches. The values come from the same
  // algorithm written in Python.
  EXPECT_EQ(epoch_order(42, 0, 8), (std::vector<std::int64_t>{4, 2, 5, 1, 7, 0, 6, 3}));
  EXPECT_EQ(epoch_order(42, 1, 8), (std::vector<std::int64_t>{7, 1, 0, 3, 5, 2, 6, 4}));
}

TEST(EpochOrder, DependsOnSeedAndEpoch) {
  std::set<std::vector<std::int64_t>> orders;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    for (std::int64_t epoch = 0; epoch < 5; ++epoch) orders.insert(epoch_order(seed, epoch, 50));
  }
  EXPECT_EQ(orders.size(), 25u);
}

TEST(EpochOrder, PutsEveryItemEverywhereEquallyOften) {
  constexpr int kItems = 6, kTrials = 6000;
  int counts[kItems][kItems] = {};
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto order = epoch_order(7, trial, kItems);
    for (int position = 0; position < kItems; ++position)
      ++counts[position][order[static_cast<std::size_t>(position)]];
  }
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, kTrials / kItems, 150);  // five standard deviations
  }
}

TEST(Sampler, VisitsEveryImageOnceAnEpochAndEndsItWithWhatIsLeft) {
  Sampler sampler = ten_images_by_four();

  std::vector<std::int64_t> seen;
  for (std::int64_t step = 0; step < 3; ++step) {
    const auto batch = sampler.batch(step);
    seen.insert(seen.end(), batch.begin(), batch.end());
  }

  EXPECT_EQ(sampler.steps_per_epoch(), 3);
  EXPECT_EQ(sorted(seen), counting(10));
  EXPECT_EQ(sampler.batch(2).size(), 2u);
}

TEST(Sampler, GivesTheSameBatchInAnyOrderOfAsking) {
  Sampler forward = ten_images_by_four();
  Sampler resumed = ten_images_by_four();
  for (std::int64_t step = 0; step < 7; ++step) forward.batch(step);

  EXPECT_EQ(resumed.batch(7), forward.batch(7));
  EXPECT_EQ(resumed.batch(1), forward.batch(1));
}

}  // namespace
}  // namespace zoetrope::data
