// SPDX-License-Identifier: Apache-2.0
// Which way is up: the orientation tag that cameras write, and turning the pixels by it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "zoetrope/image/decode.hpp"

namespace zoetrope::image {

// The EXIF orientation, 1 to 8, of a TIFF header with or without "Exif\0\0" before it; where that has none,
// XMP's tiff:Orientation, as PIL's getexif. 1, upright, where neither says anything sensible.
int orientation_of(std::span<const std::uint8_t> exif, std::string_view xmp);

// PIL's ImageOps.exif_transpose.
Image turn_upright(Image image, int orientation);

}  // namespace zoetrope::image
