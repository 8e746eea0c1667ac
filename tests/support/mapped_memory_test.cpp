// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/mapped_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "zoetrope/support/files.hpp"

#include "support/peak_memory.hpp"

namespace zoetrope::support {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kFileSize = 96 * kMiB, kLimit = 12 * kMiB;

class MappedMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream file(path_, std::ios::binary);
    std::string block(kMiB, '\0');
    for (std::size_t i = 0; i < kFileSize / kMiB; ++i) {
      block.assign(kMiB, static_cast<char>(i + 1));
      file << block;
    }
  }
  void TearDown() override { limit_mapped_memory(0); }

  // The sum of all bytes of the first of each 64, looked at megabyte by megabyte.
  static std::uint64_t look_at(std::span<const std::byte> bytes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 64) {
      sum += static_cast<std::uint64_t>(bytes[i]);
      if (i % kMiB == 0) keep_mapped_limit();
    }
    return sum;
  }

  const std::filesystem::path path_ = "large";
};

TEST_F(MappedMemory, StaysWithinItsLimit) {
  const MappedFile file(path_);
  const BoundedMapping bounded(file.bytes());
  limit_mapped_memory(kLimit);
  std::uint64_t sum = 0;
  const std::int64_t peak = peak_kib_of([&] { sum = look_at(file.bytes()); });
  EXPECT_GT(sum, 0U);
  EXPECT_LT(peak, static_cast<std::int64_t>((kLimit + 8 * kMiB) / 1024));
}

TEST_F(MappedMemory, HoldsTheSameBytesWhenTheyComeAgain) {
  const MappedFile file(path_);
  const std::uint64_t expected = look_at(file.bytes());
  const BoundedMapping bounded(file.bytes());
  limit_mapped_memory(kMiB);
  EXPECT_EQ(look_at(file.bytes()), expected);
  EXPECT_EQ(look_at(file.bytes()), expected);
}

TEST_F(MappedMemory, IsTheSystemsWhereNothingIsLimited) {
  const MappedFile file(path_);
  const BoundedMapping bounded(file.bytes());
  std::uint64_t sum = 0;
  [[maybe_unused]] const std::int64_t peak = peak_kib_of([&] { sum = look_at(file.bytes()); });
  EXPECT_GT(sum, 0U);
#ifndef __SANITIZE_THREAD__
  EXPECT_GT(peak, static_cast<std::int64_t>(kFileSize / 1024 / 2));  // or the first test shows nothing
#endif
}

}  // namespace
}  // namespace zoetrope::support
