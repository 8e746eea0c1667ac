// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/review/review.hpp"

namespace zoetrope::review {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ForgettingEvents, CountRightThenWrong) {
  const std::vector<std::int64_t> label = {0, 1, 2, 1};
  const std::vector<std::int64_t> prediction = {0, 0, 0, 1,   // right, wrong, wrong, right
                                                1, 0, 2, 1,   // wrong, wrong, right, right
                                                0, 0, 2, 1,   // right, wrong, right, right
                                                2, 0, 2, 1};  // wrong, wrong, right, right

  EXPECT_THAT(forgetting_events(label, prediction), ElementsAre(2, -1, 0, 0));
}

TEST(ForgettingEvents, OfNothingAreNone) {
  EXPECT_THAT(forgetting_events({}, {}), IsEmpty());
  EXPECT_THAT(forgetting_events({3, 4}, {}), ElementsAre(-1, -1));
}

TEST(AscendingRanks, PutTiesInOrderAndNaNLast) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = {0.5, nan, 0.1, 0.5, -1};

  EXPECT_THAT(ascending_ranks(values.data(), values.size()), ElementsAre(3, 5, 2, 4, 1));
  EXPECT_THAT(ascending_ranks(nullptr, 0), IsEmpty());
}

}  // namespace
}  // namespace zoetrope::review
