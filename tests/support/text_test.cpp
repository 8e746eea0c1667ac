// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/text.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace zoetrope::support {
namespace {

TEST(FormatDuration, HasTheUnitsThatAPersonWouldName) {
  EXPECT_EQ(format_duration(0), "0.0 s");
  EXPECT_EQ(format_duration(0.26), "0.3 s");
  EXPECT_EQ(format_duration(42), "42 s");
  EXPECT_EQ(format_duration(187), "3 min 07 s");
  EXPECT_EQ(format_duration(7500), "2 h 05 min");
  EXPECT_EQ(format_duration(360'000), "100 h 00 min");
}

// Never "10.0 s" beside "10 s", "60 s", or "60 min".
TEST(FormatDuration, RoundingReachesTheNextUnit) {
  EXPECT_EQ(format_duration(9.94), "9.9 s");
  EXPECT_EQ(format_duration(9.96), "10 s");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(59.6), "1 min 00 s");
  EXPECT_EQ(format_duration(3599.4), "59 min 59 s");
  EXPECT_EQ(format_duration(3599.6), "1 h 00 min");
}

TEST(FormatDuration, WhatIsNoDurationIsNoNumber) {
  for (const double seconds : {-1.0, std::nan(""), HUGE_VAL, -HUGE_VAL, 1e300})
    EXPECT_EQ(format_duration(seconds), "?") << seconds;
}

TEST(FormatBytes, CountsInPowersOf1024) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(812), "812 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(5 << 20), "5.0 MiB");
  EXPECT_EQ(format_bytes(1'288'490'189), "1.2 GiB");
  EXPECT_EQ(format_bytes(std::uint64_t{3} << 40), "3.0 TiB");
  EXPECT_EQ(format_bytes(std::uint64_t{5000} << 40), "5000.0 TiB");
}

TEST(FormatEstimatedBytes, SaysSoWhere64BitsDoNotHoldThem) {
  EXPECT_EQ(format_estimated_bytes(0), "0 B");
  EXPECT_EQ(format_estimated_bytes(1536.9), "1.5 KiB");
  EXPECT_EQ(format_estimated_bytes(0x1p63), "8388608.0 TiB");
  for (const double bytes : {0x1p64, 3e21, 1e300, HUGE_VAL})
    EXPECT_EQ(format_estimated_bytes(bytes), "more than 16777216.0 TiB") << bytes;
}

TEST(FormatFixed, HasAsManyDigitsAsAreAskedFor) {
  EXPECT_EQ(format_fixed(0.41234, 3), "0.412");
  EXPECT_EQ(format_fixed(0.9996, 3), "1.000");
  EXPECT_EQ(format_fixed(-2.6, 0), "-3");
}

TEST(FormatRate, IsNeverZeroWhereSomethingGoesOn) {
  EXPECT_EQ(format_rate(0), "0");
  EXPECT_EQ(format_rate(0.0417), "0.042");
  EXPECT_EQ(format_rate(0.996), "1.0");
  EXPECT_EQ(format_rate(5.64), "5.6");
  EXPECT_EQ(format_rate(9.96), "10");
  EXPECT_EQ(format_rate(1234.4), "1,234");
}

TEST(FormatCount, HasACommaBeforeEachThreeDigits) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(10'000), "10,000");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
  EXPECT_EQ(format_count(-999), "-999");
  EXPECT_EQ(format_count(-1000), "-1,000");
  EXPECT_EQ(format_count(-123'456), "-123,456");
  EXPECT_EQ(format_count(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(EditDistance, IsTheLeastNumberOfLettersToChange) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
  EXPECT_EQ(edit_distance("ab", "ba"), 2U);
}

const std::vector<std::string> kOptions = {"--run", "--seed", "--learning-rate", "--logging-steps",
                                           "--save-steps"};

TEST(NearestWord, FindsWhatASlipOfTheFingerMeant) {
  EXPECT_EQ(nearest_word("--lerning-rate", kOptions), "--learning-rate");
  EXPECT_EQ(nearest_word("--learning_rate", kOptions), "--learning-rate");
  EXPECT_EQ(nearest_word("--rum", kOptions), "--run");
  EXPECT_EQ(nearest_word("--seed", kOptions), "--seed");
}

TEST(NearestWord, TakesTheNearerOneWhereverItStands) {
  const std::vector<std::string> known = {"abcdef", "abcdxx", "abcxxx"};
  EXPECT_EQ(nearest_word("abcdeg", known), "abcdef");
  EXPECT_EQ(nearest_word("abcdeg", std::vector<std::string>(known.rbegin(), known.rend())), "abcdef");
}

TEST(NearestWord, GuessesNothingFromAnotherWord) {
  EXPECT_EQ(nearest_word("--batch-size", kOptions), "");
  EXPECT_EQ(nearest_word("--anything", std::vector<std::string>{}), "");
  // Six letters: three may be wrong, not four.
  EXPECT_EQ(nearest_word("abcdef", std::vector<std::string>{"abcxyz"}), "abcxyz");
  EXPECT_EQ(nearest_word("abcdef", std::vector<std::string>{"abwxyz"}), "");
}

}  // namespace
}  // namespace zoetrope::support
