// SPDX-License-Identifier: Apache-2.0
#include "palette.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
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

using Lab = Vector;

// CIELAB of sRGB's white point.
Lab lab(const Vector& linear_rgb) {
  constexpr Matrix kToXyz = {{{0.4124564, 0.3575761, 0.1804375},
                              {0.2126729, 0.7151522, 0.0721750},
                              {0.0193339, 0.1191920, 0.9503041}}};
  const Vector xyz = times(kToXyz, linear_rgb);
  const Vector white = times(kToXyz, {1, 1, 1});
  Vector f{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double t = xyz[i] / white[i];
    f[i] = t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116;
  }
  return {116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

// CIEDE2000 by the formulas and with the names of Sharma, Wu, Dalal: "The CIEDE2000 color-difference formula:
// implementation notes, supplementary test data, and mathematical observations", 2005.
double ciede2000(const Lab& first, const Lab& second) {
  const auto seventh = [](double c) {
    return std::sqrt(std::pow(c, 7) / (std::pow(c, 7) + std::pow(25, 7)));
  };
  const double mean_c = (std::hypot(first[1], first[2]) + std::hypot(second[1], second[2])) / 2;
  const double a1 = first[1] * (1.5 - 0.5 * seventh(mean_c)), a2 = second[1] * (1.5 - 0.5 * seventh(mean_c));
  const double c1 = std::hypot(a1, first[2]), c2 = std::hypot(a2, second[2]);
  const auto hue = [](double a, double b) {
    const double h = a == 0 && b == 0 ? 0 : std::atan2(b, a) * 180 / std::numbers::pi;
    return h < 0 ? h + 360 : h;
  };
  const double h1 = hue(a1, first[2]), h2 = hue(a2, second[2]);
  double dh = c1 * c2 == 0 ? 0 : h2 - h1;
  if (std::abs(dh) > 180) dh += dh > 0 ? -360 : 360;
  double h = h1 + h2;
  if (c1 * c2 != 0) h = std::abs(h1 - h2) <= 180 ? h / 2 : h < 360 ? h / 2 + 180 : h / 2 - 180;
  const double l = (first[0] + second[0]) / 2 - 50, c = (c1 + c2) / 2;
  const double t = 1 - 0.17 * std::cos(radians(h - 30)) + 0.24 * std::cos(radians(2 * h)) +
                   0.32 * std::cos(radians(3 * h + 6)) - 0.2 * std::cos(radians(4 * h - 63));
  const double rotation = std::sin(radians(60 * std::exp(-std::pow((h - 275) / 25, 2))));
  const double dl = (second[0] - first[0]) / (1 + 0.015 * l * l / std::sqrt(20 + l * l));
  const double dc = (c2 - c1) / (1 + 0.045 * c);
  const double big_dh = 2 * std::sqrt(c1 * c2) * std::sin(radians(dh / 2)) / (1 + 0.015 * c * t);
  return std::sqrt(dl * dl + dc * dc + big_dh * big_dh - rotation * 2 * seventh(c) * dc * big_dh);
}

// The paper's own pairs, of which each turns another way in the formulas.
TEST(Palette, ColourDifferencesAreThoseOfThePaper) {
  struct Pair {
    Lab first, second;
    double difference;
  };
  for (const auto& [first, second, difference] :
       std::initializer_list<Pair>{{{50, 2.6772, -79.7751}, {50, 0, -82.7485}, 2.0425},
                                   {{50, -1.3802, -84.2814}, {50, 0, -82.7485}, 1.0000},
                                   {{50, 0, 0}, {50, -1, 2}, 2.3669},
                                   {{50, 2.49, -0.001}, {50, -2.49, 0.0009}, 7.1792},
                                   {{50, 2.49, -0.001}, {50, -2.49, 0.0011}, 7.2195},
                                   {{50, -0.001, 2.49}, {50, 0.0011, -2.49}, 4.7461},
                                   {{50, 2.5, 0}, {50, 0, -2.5}, 4.3065},
                                   {{50, 2.5, 0}, {73, 25, -18}, 27.1492},
                                   {{50, 2.5, 0}, {56, -27, -3}, 31.9030},
                                   {{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
                                   {{63.0109, -31.0961, -5.8663}, {62.8187, -29.7946, -4.0864}, 1.2630},
                                   {{22.7233, 20.0904, -46.6940}, {23.0331, 14.9730, -42.5619}, 2.0373},
                                   {{90.8027, -2.0831, 1.4410}, {91.1528, -1.6435, 0.0447}, 1.4441},
                                   {{2.0776, 0.0795, -1.1350}, {0.9033, -0.0636, -0.5514}, 0.9082}})
    EXPECT_NEAR(ciede2000(first, second), difference, 5e-5) << difference;
}

// Normal sight, then protanopia, deuteranopia and tritanopia of severity 1 (Machado, Oliveira, Fernandes: "A
// physiologically-based model for simulation of color vision deficiency", 2009, table 1).
constexpr std::array<Matrix, 4> kSights = {{
    {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
}};

Lab seen(Colour colour, const Matrix& sight) {
  Vector rgb = times(sight, linear(colour));
  for (double& channel : rgb) channel = std::clamp(channel, 0.0, 1.0);
  return lab(rgb);
}

double least_difference(std::size_t num_classes, Theme theme) {
  double least = 100;
  for (const Matrix& sight : kSights) {
    for (std::size_t i = 0; i < num_classes; ++i) {
      const Lab one = seen(class_mark(i, theme).colour, sight);
      for (std::size_t j = 0; j < i; ++j)
        least = std::min(least, ciede2000(one, seen(class_mark(j, theme).colour, sight)));
    }
  }
  return least;
}

// WCAG 2.2, contrast ratio.
double contrast(Colour a, Colour b) {
  const auto luminance = [](Colour colour) {
    const Vector rgb = linear(colour);
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2] + 0.05;
  };
  return std::max(luminance(a), luminance(b)) / std::min(luminance(a), luminance(b));
}

TEST(Palette, ColoursDifferToEveryKindOfSight) {
  for (const Theme theme : {Theme::kLight, Theme::kDark}) {
    EXPECT_GE(least_difference(10, theme), 15);
    EXPECT_GE(least_difference(20, theme), 8);
  }
}

TEST(Palette, ColoursStandOutFromEveryGround) {
  for (const Theme theme : {Theme::kLight, Theme::kDark}) {
    for (std::size_t i = 0; i < kNumClassColours; ++i) {
      const Colour colour = class_mark(i, theme).colour;
      EXPECT_GE(contrast(colour, theme_colours(theme).panel), 2.5) << i;
      EXPECT_GE(contrast(colour, theme_colours(theme).background), 2.5) << i;
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
