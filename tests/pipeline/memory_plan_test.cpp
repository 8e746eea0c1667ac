// SPDX-License-Identifier: Apache-2.0
#include "memory_plan.hpp"

#include <algorithm>
#include <cstdint>

#include <gtest/gtest.h>

#include "zoetrope/support/host_memory.hpp"

namespace zoetrope::pipeline {
namespace {

TEST(ImageCacheBytes, WhatIsGivenCounts) {
  DataOptions options;
  options.image_cache_mib = 17;
  EXPECT_EQ(image_cache_bytes(options, 1), 17U << 20);
  EXPECT_EQ(image_cache_bytes(options, 1'000'000), 17U << 20);
  options.image_cache_mib = 0;
  EXPECT_EQ(image_cache_bytes(options, 1), 0U);
}

TEST(ImageCacheBytes, ElseTheRanksOfAHostTakeAQuarterOfItsMemoryAtMost) {
  const auto quarter = static_cast<std::uint64_t>(support::usable_memory() / 4);
  ASSERT_GT(quarter, 0U);
  EXPECT_EQ(image_cache_bytes({}, 1), std::min(std::uint64_t{4} << 30, quarter));
  const auto many = static_cast<int>(quarter >> 30) + 1;  // of which none gets 4 GiB
  EXPECT_EQ(image_cache_bytes({}, 4 * many), quarter / static_cast<std::uint64_t>(4 * many));
}

}  // namespace
}  // namespace zoetrope::pipeline
