// SPDX-License-Identifier: Apache-2.0
// Pixels of the kinds that several formats have, as PIL's convert("RGB") changes them into 8-bit grey or RGB.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "zoetrope/image/decode.hpp"

namespace zoetrope::image {

using Colour = std::array<std::uint8_t, 3>;
using Palette = std::array<Colour, 256>;  // what a file leaves out is black

// PIL does not scale greys of more than 8 bits, of whatever sign: what does not fit into a byte is white, or
// black.
constexpr std::uint8_t saturate(std::int64_t grey) {
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(grey, 0, 255));
}

// One channel where all colours of the palette are greys.
Image look_up(const Palette& palette, std::span<const std::uint8_t> indices, int height, int width);

// Four channels to three. `inverted` is 255 where full ink is 0, as Adobe writes it, and 0 elsewhere.
Image cmyk_to_rgb(const Image& cmyk, std::uint8_t inverted);

// In place, three channels.
void ycc_to_rgb(Image& image);

// The last channel is alpha, by which the others are multiplied: they are divided by it, and it is dropped.
Image divide_by_alpha(const Image& image);

}  // namespace zoetrope::image
