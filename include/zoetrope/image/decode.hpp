// SPDX-License-Identifier: Apache-2.0
// Image files to pixels, as Hugging Face `datasets` and PIL's convert("RGB") give them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "zoetrope/support/image.hpp"

namespace zoetrope::image {

using support::Image;
using Bytes = std::span<const std::uint8_t>;

// Decodes an image file of a kind of kReadKinds, told by its first bytes, and turns it upright as its EXIF
// (or XMP) orientation says. Transparency is dropped, palettes are looked up, grey images keep one channel,
// 16-bit colours keep their high byte, 16-bit greys above 255 become 255 (PIL's rule), and of an animation
// the first frame counts. Throws InputError naming `origin` on what is damaged, not supported, or larger than
// kMaxPixels.
constexpr const char* kReadKinds = "JPEG, PNG, WebP, BMP, GIF, TIFF, PNM, TGA, ICO, JPEG 2000, AVIF and HEIC";
Image decode_image(Bytes bytes, const std::string& origin);

// Whether an image that starts so, with all or kTellingBytes of its bytes, is of one of these kinds.
constexpr std::size_t kTellingBytes = 32;
bool can_decode(Bytes start);

// As PIL's DecompressionBombError: nothing is set aside for an image above this, whatever its header says.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr std::int64_t kMaxPixels = 1 << 20;  // a fuzzer shall not spend its time on large blank images
#else
constexpr std::int64_t kMaxPixels = 178'956'970;
#endif

}  // namespace zoetrope::image
