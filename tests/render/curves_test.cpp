// SPDX-License-Identifier: Apache-2.0
#include "curves.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

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

TEST(TimeAxis, CountsStepsWhereNobodyKnowsEpochs) {
  for (const auto& [last_step, end] : {std::pair{90, "90"}, {1'250'000, "1,250,000"}, {0, "1"}}) {
    const TimeAxis axis = time_axis(last_step, last_step, false);
    EXPECT_EQ(axis.unit, "step");
    EXPECT_EQ(axis.end, end);
    EXPECT_EQ(axis.last_epoch, std::max(1, last_step));  // by which others are divided
  }
}

TEST(TimeAxis, CountsLessThanAnEpochInSteps) {
  const auto words = [](double last_epoch, std::int64_t last_step) {
    const TimeAxis axis = time_axis(last_epoch, last_step);
    return axis.end + " " + axis.unit;
  };

  EXPECT_EQ(words(0.096, 90), "90 step");
  EXPECT_EQ(words(0.9995, 12'345), "12,345 step");
  EXPECT_EQ(words(1, 938), "1 epoch");
  EXPECT_EQ(words(2.98507, 2800), "2.99 epoch");
  EXPECT_EQ(words(1234.4, 1'000'000), "1,234 epoch");
  EXPECT_EQ(words(0.096, 0), "0.096 epoch");  // the steps are not known
  EXPECT_EQ(words(0, 0), "1 epoch");
  EXPECT_EQ(words(std::numeric_limits<double>::quiet_NaN(), 5), "1 epoch");
}

constexpr int kWidth = 400, kBody = 16, kHeading = 3 * kBody / 2;

// A curve's panel at a step.
Picture panel_at(std::int64_t step, double epoch, const std::vector<CurvePoint>& points) {
  Picture picture{kWidth, 200, std::vector<std::uint32_t>(kWidth * 200, 0xffffffff)};
  Canvas canvas(picture);
  const Typesetter text("Inter,Noto Sans,DejaVu Sans");
  const ThemeColours& theme = theme_colours(Theme::kLight);
  const CurvePanel panel({0, 0, kWidth, 200}, 1, kBody, {.names = {"Loss"}, .colour = theme.loss}, theme,
                         points, time_axis(2, 200));
  panel.draw_curve(canvas, text, step, epoch);
  canvas.flush();
  return picture;
}

std::vector<std::uint32_t> heading_at(std::int64_t step, double epoch,
                                      const std::vector<CurvePoint>& points) {
  const Picture picture = panel_at(step, epoch, points);
  return {picture.pixels.begin(), picture.pixels.begin() + kWidth * kHeading};
}

// How far to the right the curve's own colour comes, below the heading; -1: nowhere.
int rightmost_at(std::int64_t step, double epoch, const std::vector<CurvePoint>& points) {
  const Picture picture = panel_at(step, epoch, points);
  const std::uint32_t colour = pixel_of(theme_colours(Theme::kLight).loss);
  for (int x = kWidth; x-- > 0;) {
    for (int y = kHeading; y < picture.height; ++y)
      if (picture.pixels[static_cast<std::size_t>(y * kWidth + x)] == colour) return x;
  }
  return -1;
}

TEST(CurvePanel, ReachesTheFrameWhateverIsLogged) {
  const std::vector<CurvePoint> points = {{0.5, 50, 2.0}, {1.0, 100, 1.0}};
  const int at_the_end = rightmost_at(200, 2.0, {{0.5, 50, 2.0}, {2.0, 200, 1.0}});

  EXPECT_EQ(rightmost_at(200, 2.0, points), at_the_end);  // no line after the 100th step
  EXPECT_EQ(rightmost_at(150, 1.5, points), rightmost_at(150, 1.5, {{0.5, 50, 2.0}, {1.5, 150, 1.0}}));
  EXPECT_EQ(rightmost_at(75, 0.75, points), rightmost_at(75, 0.75, {{0.5, 50, 2.0}, {0.75, 75, 1.5}}));
  EXPECT_EQ(rightmost_at(20, 0.2, points), -1);
}

TEST(CurvePanel, AValueThatIsKeptIsALineApart) {
  const std::vector<CurvePoint> points = {{0.5, 50, 2.0}, {1.0, 100, 1.0}};

  EXPECT_NE(panel_at(200, 2.0, points).pixels,
            panel_at(200, 2.0, {{0.5, 50, 2.0}, {1.0, 100, 1.0}, {2.0, 200, 1.0}}).pixels);
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

TEST(Numbers, MultiplesAreAsShortAsTheyCanBeRead) {
  EXPECT_EQ(format_multiple(1), "1.0\u00d7");
  EXPECT_EQ(format_multiple(9.94), "9.9\u00d7");
  EXPECT_EQ(format_multiple(9.96), "10\u00d7");
  EXPECT_EQ(format_multiple(17.4), "17\u00d7");
}

}  // namespace
}  // namespace zoetrope::render
