// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/range.hpp"

#include <gtest/gtest.h>

namespace zoetrope::support {
namespace {

TEST(Share, CoversEverythingOnceWithSizesThatDifferByAtMostOne) {
  for (const std::int64_t n : {0, 1, 5, 97, 10000}) {
    for (const int world_size : {1, 2, 3, 7}) {
      std::int64_t next = 0;
      for (int rank = 0; rank < world_size; ++rank) {
        const auto [first, last] = share(n, rank, world_size);
        EXPECT_EQ(first, next);
        EXPECT_GE(last - first, n / world_size);
        EXPECT_LE(last - first, (n + world_size - 1) / world_size);
        next = last;
      }
      EXPECT_EQ(next, n);
    }
  }
}

}  // namespace
}  // namespace zoetrope::support
