// SPDX-License-Identifier: Apache-2.0
#include "badge.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace zoetrope::render {
namespace {

constexpr double kRadius = 10;
constexpr Rect kBadgePlane{0, 0, 200, 200};

double distance(const Badge& a, const Badge& b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

TEST(SpreadBadges, LeavesThoseThatAreApart) {
  std::vector<Badge> badges = {{100, 100, 1, 0}, {130, 100, 2, 0}};

  spread_badges(badges, kRadius, kBadgePlane);

  EXPECT_EQ(badges[0].x, 100);
  EXPECT_EQ(badges[1].x, 130);
}

TEST(SpreadBadges, NoneCoversAnother) {
  for (const double gap : {0.0, 1e-9, 3.0, 19.0}) {
    std::vector<Badge> badges = {{100, 100, 1, 0}, {100 + gap, 100, 2, 0}};

    spread_badges(badges, kRadius, kBadgePlane);

    EXPECT_GE(distance(badges[0], badges[1]), 2 * kRadius) << gap;
    EXPECT_NEAR((badges[0].x + badges[1].x) / 2, 100 + gap / 2, 1e-9) << gap;
  }
}

TEST(SpreadBadges, ACrowdComesApartToo) {
  std::vector<Badge> badges = {{100, 100, 1, 0}, {102, 101, 2, 0}, {99, 104, 3, 0}, {101, 98, 4, 0}};

  spread_badges(badges, kRadius, kBadgePlane);

  for (std::size_t i = 0; i < badges.size(); ++i)
    for (std::size_t k = i + 1; k < badges.size(); ++k)
      EXPECT_GT(distance(badges[i], badges[k]), 1.6 * kRadius) << i << " and " << k;
}

TEST(SpreadBadges, AllAreWholeWithinThePlane) {
  std::vector<Badge> badges = {{200, 0, 1, 0}, {199, 1, 2, 0}, {198, 0, 3, 0}, {0, 100, 4, 0}};

  spread_badges(badges, kRadius, kBadgePlane);

  for (const Badge& badge : badges) {
    EXPECT_GE(std::min(badge.x, badge.y), kRadius);
    EXPECT_LE(std::max(badge.x, badge.y), 200 - kRadius);
  }
}

TEST(SpreadBadges, OneThatFadesInPushesNothingAtFirst) {
  std::vector<Badge> badges = {{100, 100, 1, 0}, {104, 100, 2, 0, 0}};

  spread_badges(badges, kRadius, kBadgePlane);

  EXPECT_EQ(badges[0].x, 100);
}

}  // namespace
}  // namespace zoetrope::render
