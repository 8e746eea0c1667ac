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

compute::Device gpu_with(double gibibytes) {
  compute::Device gpu;
  gpu.memory_bytes = static_cast<std::int64_t>(gibibytes * (1 << 30));
  return gpu;
}

TEST(DeviceCacheBytes, AreAnEighthOfTheGpusMemoryAnd8GiBAtMost) {
  EXPECT_EQ(device_cache_bytes(gpu_with(8)), std::uint64_t{1} << 30);
  EXPECT_EQ(device_cache_bytes(gpu_with(16)), std::uint64_t{2} << 30);
  EXPECT_EQ(device_cache_bytes(gpu_with(63.5)), (std::uint64_t{8} << 30) - (std::uint64_t{1} << 26));
  EXPECT_EQ(device_cache_bytes(gpu_with(141)), std::uint64_t{8} << 30);
}

}  // namespace
}  // namespace zoetrope::pipeline
