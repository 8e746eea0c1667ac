// SPDX-License-Identifier: Apache-2.0
// Colours of the figure and of the classes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "zoetrope/render/class_colours.hpp"
#include "zoetrope/render/frame.hpp"

namespace zoetrope::render {

struct Colour {
  std::uint8_t r = 0;
  std::uint8_t g = 0;
  std::uint8_t b = 0;

  bool operator==(const Colour&) const = default;
};

constexpr Colour from_hex(std::uint32_t rgb) {
  return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
          static_cast<std::uint8_t>(rgb)};
}
// As a picture holds it.
constexpr std::uint32_t pixel_of(Colour c) {
  return 0xff000000 | std::uint32_t{c.r} << 16 | std::uint32_t{c.g} << 8 | std::uint32_t{c.b};
}

// The colours of everything but the classes.
struct ThemeColours {
  Colour background;
  Colour panel;     // behind the points
  Colour grid;      // hairlines
  Colour ink;       // titles, numbers
  Colour soft_ink;  // labels, ticks
  Colour loss;
  Colour accuracy;
  Colour learning_rate;
};
const ThemeColours& theme_colours(Theme theme);

// The shapes of points. With more than 20 classes the colours repeat and the shape tells the twenties apart,
// in this order: 100 classes have a mark of their own, and from the 101st on marks repeat.
enum class Shape : std::uint8_t { kDisc, kSquare, kTriangle, kDiamond, kRing };
inline constexpr std::size_t kNumShapes = 5;

struct ClassMark {
  Colour colour;
  Shape shape = Shape::kDisc;
};
ClassMark class_mark(std::size_t class_index, Theme theme);

// matplotlib's default colour cycle ("tab10"), which repeats.
inline constexpr std::size_t kNumArticleColours = 10;
Colour article_colour(std::size_t class_index);

}  // namespace zoetrope::render
