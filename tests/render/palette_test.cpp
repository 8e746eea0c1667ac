// SPDX-License-Identifier: Apache-2.0
#include "palette.hpp"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace zoetrope::render {
namespace {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

Vector times(const Matrix& m, const Vector& v) {
  Vector out{};
  for (std::size_t i = 0; i < 3; ++i) out[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
  return out;
}

Vector linear(Colour colour) {
  const auto channel = [](std::uint8_t value) {
    const double c = value / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return {channel(colour.r), channel(colour.g), channel(colour.b)};
}

// Ottosson, "A perceptual color space for image processing", 2020.
Vector oklab(const Vector& linear_rgb) {
  constexpr Matrix kToCones = {{{0.4122214708, 0.5363325363, 0.0514459929},
                                {0.2119034982, 0.6806995451, 0.1073969566},
                                {0.0883024619, 0.2817188376, 0.6299787005}}};
  constexpr Matrix kToLab = {{{0.2104542553, 0.7936177850, -0.0040720468},
                              {1.9779984951, -2.4285922050, 0.4505937099},
                              {0.0259040371, 0.7827717662, -0.8086757660}}};
  Vector cones = times(kToCones, linear_rgb);
  for (double& cone : cones) cone = std::cbrt(cone);
  return times(kToLab, cones);
}

// Normal sight, then protanopia, deuteranopia and tritanopia of severity 1 (Machado, Oliveira, Fernandes: "A
// physiologically-based model for simulation of color vision deficiency", 2009, table 1).
constexpr std::array<Matrix, 4> kSights = {{
    {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
}};

Vector seen(Colour colour, const Matrix& sight) {
  Vector rgb = times(sight, linear(colour));
  for (double& channel : rgb) channel = std::clamp(channel, 0.0, 1.0);
  return oklab(rgb);
}

double least_difference(std::size_t num_classes, Theme theme) {
  double least = 9;
  for (const Matrix& sight : kSights) {
    for (std::size_t i = 0; i < num_classes; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const Vector a = seen(class_mark(i, theme).colour, sight);
        const Vector b = seen(class_mark(j, theme).colour, sight);
        least = std::min(least, std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
      }
    }
  }
  return least;
}

TEST(Palette, ColoursDifferToEveryKindOfSight) {
  EXPECT_GE(least_difference(10, Theme::kLight), 0.09);
  EXPECT_GE(least_difference(20, Theme::kLight), 0.05);
  EXPECT_GE(least_difference(10, Theme::kDark), 0.075);
  EXPECT_GE(least_difference(20, Theme::kDark), 0.03);
}

TEST(Palette, ColoursStandOutFromThePanel) {
  for (const Theme theme : {Theme::kLight, Theme::kDark}) {
    const double panel = oklab(linear(theme_colours(theme).panel))[0];
    for (std::size_t i = 0; i < kNumClassColours; ++i) {
      EXPECT_GE(std::abs(oklab(linear(class_mark(i, theme).colour))[0] - panel), 0.12) << i;
    }
  }
}

TEST(Palette, AHundredClassesHaveAHundredMarks) {
  std::set<std::array<int, 4>> marks;
  for (std::size_t i = 0; i < 100; ++i) {
    const ClassMark mark = class_mark(i, Theme::kLight);
    marks.insert({mark.colour.r, mark.colour.g, mark.colour.b, static_cast<int>(mark.shape)});
  }

  EXPECT_EQ(marks.size(), 100u);
}

}  // namespace
}  // namespace zoetrope::render
