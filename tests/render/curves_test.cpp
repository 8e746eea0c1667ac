// SPDX-License-Identifier: Apache-2.0
#include "curves.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

namespace zoetrope::render {
namespace {

std::vector<CurvePoint> values(std::initializer_list<double> list) {
  std::vector<CurvePoint> points;
  for (const double value : list) points.push_back({0, 0, value});
  return points;
}

TEST(ValueAxis, HasRoundTicksFromZero) {
  using testing::ElementsAre;

  EXPECT_THAT(value_axis(values({2.3, 0.4}), 4).ticks, ElementsAre(0, 1, 2));
  EXPECT_THAT(value_axis(values({0.87}), 4).ticks, ElementsAre(0, 0.5));
  EXPECT_THAT(value_axis(values({1.0}), 3).ticks, ElementsAre(0, 0.5, 1));
}

TEST(ValueAxis, HoldsEveryValueWithFewTicks) {
  for (double greatest = 1e-12; greatest < 1e12; greatest *= 1.37) {
    const ValueAxis axis = value_axis(values({greatest}), 4);

    EXPECT_GE(axis.greatest, greatest * (1 - 1e-9));
    EXPECT_LE(axis.ticks.size(), 5u);
    EXPECT_GE(axis.ticks.size(), 2u);
  }
}

TEST(ValueAxis, HasFewTicksWhateverTheValues) {
  for (const double greatest : {5e-324, 1e-310, 1e-300, 2.3e-17, 1e300, 1.7e308, -1e300, -5e-324}) {
    const ValueAxis axis = value_axis(values({greatest, 0}), 4);

    EXPECT_TRUE(std::isnormal(axis.greatest)) << greatest;
    EXPECT_LE(axis.ticks.size(), 6u) << greatest;
    EXPECT_GE(axis.ticks.size(), 2u) << greatest;
  }
}

TEST(ValueAxis, CopesWithNothingZeroAndNan) {
  const double nan = std::numeric_limits<double>::quiet_NaN();

  for (const auto& points : {values({}), values({0}), values({nan}), values({-1}), values({INFINITY})}) {
    EXPECT_GT(value_axis(points, 4).greatest, 0);
  }
}

// The heading of a curve's panel at a step, as pixels.
std::vector<std::uint32_t> heading_at(std::int64_t step, double epoch,
                                      const std::vector<CurvePoint>& points) {
  constexpr int kWidth = 400, kBody = 16;
  Picture picture{kWidth, 200, std::vector<std::uint32_t>(kWidth * 200, 0xffffffff)};
  Canvas canvas(picture);
  const Typesetter text("Inter,Noto Sans,DejaVu Sans");
  const ThemeColours& theme = theme_colours(Theme::kLight);
  const CurvePanel panel({0, 0, kWidth, 200}, 1, kBody,
                         {.name = "Loss", .short_name = "Loss", .colour = theme.loss}, theme, points, 2);
  panel.draw_curve(canvas, text, step, epoch);
  canvas.flush();
  return {picture.pixels.begin(), picture.pixels.begin() + kWidth * 3 * kBody / 2};
}

TEST(CurvePanel, ShowsTheNumberThatWasLoggedLast) {
  const CurvePoint at_90{0.9, 90, 2.0}, at_100{1.0, 100, 1.0};

  EXPECT_EQ(heading_at(94, 0.94, {at_90, at_100}), heading_at(90, 0.9, {at_90, at_100}));
  EXPECT_NE(heading_at(100, 1.0, {at_90, at_100}), heading_at(90, 0.9, {at_90, at_100}));
  EXPECT_EQ(heading_at(94, 0.94, {at_100}), heading_at(94, 0.94, {}));  // nothing yet
}

TEST(Numbers, AreShort) {
  EXPECT_EQ(format_value(0.8712, Notation::kPercent), "87.1\u2009%");
  EXPECT_EQ(format_value(5e-5, Notation::kScientific), "5.0e-5");
  EXPECT_EQ(format_value(0, Notation::kScientific), "0.0e0");
  EXPECT_EQ(format_value(1.2345, Notation::kPlain), "1.234");
  EXPECT_EQ(format_tick(0.5, Notation::kPercent), "50%");
  EXPECT_EQ(format_tick(2e-5, Notation::kScientific), "2e-5");
  EXPECT_EQ(format_tick(0, Notation::kScientific), "0");
  EXPECT_EQ(format_tick(1.5, Notation::kPlain), "1.5");
}

TEST(Numbers, AScoreKeepsItsLeadingDigits) {
  EXPECT_EQ(format_score(1), "1.000");
  EXPECT_EQ(format_score(0.1624), "0.162");
  EXPECT_EQ(format_score(0.0123), "0.0123");
  EXPECT_EQ(format_score(3.14e-5), "3.1e-5");
  EXPECT_EQ(format_score(0), "0.000");
}

}  // namespace
}  // namespace zoetrope::render
