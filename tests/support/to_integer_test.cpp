// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/to_integer.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include <gtest/gtest.h>

namespace zoetrope::support {
namespace {

TEST(ToInteger, LeavesOutTheFraction) {
  EXPECT_EQ(to_integer<std::int64_t>(7.9), 7);
  EXPECT_EQ(to_integer<std::int64_t>(-7.9), -7);
  EXPECT_EQ(to_integer<std::uint8_t>(255.9), std::uint8_t{255});
  EXPECT_EQ(to_integer<std::uint8_t>(-0.9), std::uint8_t{0});
}

TEST(ToInteger, HasNoneWhereThereIsNoSuchNumber) {
  constexpr double kBeyond = 0x1p63;
  EXPECT_EQ(to_integer<std::int64_t>(-kBeyond), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(to_integer<std::int64_t>(std::nextafter(kBeyond, 0)), std::int64_t{9223372036854774784});
  for (const double value : {kBeyond, std::nextafter(-kBeyond, -HUGE_VAL), HUGE_VAL, -HUGE_VAL, std::nan("")})
    EXPECT_EQ(to_integer<std::int64_t>(value), std::nullopt) << value;
  EXPECT_EQ(to_integer<std::uint8_t>(256), std::nullopt);
  EXPECT_EQ(to_integer<std::uint8_t>(-1), std::nullopt);
}

}  // namespace
}  // namespace zoetrope::support
