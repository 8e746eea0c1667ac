// SPDX-License-Identifier: Apache-2.0
#include "palette.hpp"

namespace zoetrope::render {
namespace {

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

}  // namespace

const ThemeColours& theme_colours(Theme theme) {
  return theme == Theme::kDark ? kDark : kLight;
}

ClassMark class_mark(std::size_t class_index, Theme theme) {
  const ClassColours& colours = theme == Theme::kDark ? kClassColoursOnDark : kClassColoursOnLight;
  return {from_hex(colours[class_index % kNumClassColours]),
          static_cast<Shape>(class_index / kNumClassColours % kNumShapes)};
}

Colour article_colour(std::size_t class_index) {
  return from_hex(kTab10[class_index % kTab10.size()]);
}

}  // namespace zoetrope::render
