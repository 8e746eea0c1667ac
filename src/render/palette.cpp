// SPDX-License-Identifier: Apache-2.0
#include "palette.hpp"

#include <cmath>

namespace zoetrope::render {
namespace {

// Dark colours would sink into a dark panel.
constexpr double kDarkThemeWhite = 0.14;

constexpr std::array<std::uint32_t, 10> kTab10 = {0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd,
                                                  0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf};

constexpr ThemeColours kLight = {.background = from_hex(0xffffff),
                                 .panel = from_hex(0xf7f7f5),
                                 .grid = from_hex(0xe3e4e3),
                                 .ink = from_hex(0x1d2329),
                                 .soft_ink = from_hex(0x6a727b),
                                 .loss = from_hex(0xd1434b),
                                 .accuracy = from_hex(0x2a7f9e),
                                 .learning_rate = from_hex(0x8a8f98)};
constexpr ThemeColours kDark = {.background = from_hex(0x0f1217),
                                .panel = from_hex(0x171b22),
                                .grid = from_hex(0x2a3039),
                                .ink = from_hex(0xe9ecef),
                                .soft_ink = from_hex(0x98a1ad),
                                .loss = from_hex(0xf07178),
                                .accuracy = from_hex(0x5fc3e4),
                                .learning_rate = from_hex(0x98a1ad)};

std::uint8_t mix_channel(std::uint8_t a, std::uint8_t b, double share) {
  return static_cast<std::uint8_t>(std::lround(a + (b - a) * share));
}

}  // namespace

Colour mix(Colour a, Colour b, double share) {
  return {mix_channel(a.r, b.r, share), mix_channel(a.g, b.g, share), mix_channel(a.b, b.b, share)};
}

const ThemeColours& theme_colours(Theme theme) {
  return theme == Theme::kDark ? kDark : kLight;
}

ClassMark class_mark(std::size_t class_index, Theme theme) {
  Colour colour = from_hex(kClassColours[class_index % kNumClassColours]);
  if (theme == Theme::kDark) colour = mix(colour, {255, 255, 255}, kDarkThemeWhite);
  return {colour, static_cast<Shape>(class_index / kNumClassColours % kNumShapes)};
}

Colour article_colour(std::size_t class_index) {
  return from_hex(kTab10[class_index % kTab10.size()]);
}

}  // namespace zoetrope::render
