// SPDX-License-Identifier: Apache-2.0
#include "plan.hpp"

#include <map>
#include <set>

#include <gmock/gmock.h>

namespace zoetrope::embed {
namespace {

class Deal : public ::testing::TestWithParam<std::pair<std::size_t, int>> {};

TEST_P(Deal, EveryItemIsDoneOnceByAGroupThatAgreesAndNoRankIsIdle) {
  const auto [num_items, world_size] = GetParam();
  std::map<std::size_t, std::set<int>> ranks_of_item;
  std::map<std::size_t, std::set<std::tuple<int, int>>> groups_of_item;
  std::set<std::size_t> round_counts;

  for (int rank = 0; rank < world_size; ++rank) {
    const auto rounds = deal(num_items, rank, world_size);
    round_counts.insert(rounds.size());
    for (const Assignment& round : rounds) {
      EXPECT_LT(round.group_rank, round.group_size);
      EXPECT_TRUE(ranks_of_item[round.item].insert(round.group_rank).second)
          << "two ranks have the same place";
      groups_of_item[round.item].insert({round.group, round.group_size});
    }
  }

  EXPECT_EQ(round_counts.size(), 1U);
  EXPECT_EQ(ranks_of_item.size(), num_items);
  for (const auto& [item, ranks] : ranks_of_item) {
    ASSERT_EQ(groups_of_item[item].size(), 1U);
    EXPECT_EQ(static_cast<int>(ranks.size()), std::get<1>(*groups_of_item[item].begin()));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Deal,
                         ::testing::Values(std::pair{0, 3}, std::pair{1, 1}, std::pair{1, 4}, std::pair{3, 4},
                                           std::pair{4, 4}, std::pair{5, 4}, std::pair{7, 4},
                                           std::pair{11, 2}, std::pair{13, 5}, std::pair{2, 7}));

TEST(BlocksOf, CoversEveryMissingRowOnce) {
  const auto blocks = blocks_of({{0, 10}, {12, 13}, {30, 37}}, 5, 2);

  EXPECT_EQ(blocks, (std::vector<support::Range>{{0, 2}, {2, 3}, {6, 8}}));
}

TEST(BlocksOf, NothingMissingIsNoWork) {
  EXPECT_TRUE(blocks_of({}, 5, 2).empty());
}

TEST(BlocksOf, TwoGapsInOneBlockAreOneBlock) {
  EXPECT_EQ(blocks_of({{1, 2}, {3, 4}}, 5, 9), (std::vector<support::Range>{{0, 1}}));
}

class ShareBlocks : public ::testing::TestWithParam<int> {};

TEST_P(ShareBlocks, TogetherAreTheWholeAndDifferByAtMostOne) {
  const std::vector<support::Range> ranges = {{0, 3}, {5, 6}, {10, 17}};
  std::set<std::int64_t> seen;
  std::set<std::int64_t> counts;

  for (int rank = 0; rank < GetParam(); ++rank) {
    std::int64_t count = 0;
    for (const auto& [first, last] : share_blocks(ranges, rank, GetParam())) {
      for (std::int64_t block = first; block < last; ++block) EXPECT_TRUE(seen.insert(block).second);
      count += last - first;
    }
    counts.insert(count);
  }

  EXPECT_EQ(seen.size(), 11U);
  EXPECT_LE(*counts.rbegin() - *counts.begin(), 1);
}

INSTANTIATE_TEST_SUITE_P(Ranks, ShareBlocks, ::testing::Values(1, 2, 3, 4, 11, 13));

}  // namespace
}  // namespace zoetrope::embed
