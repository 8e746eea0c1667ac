// SPDX-License-Identifier: Apache-2.0
// Image files to pixels, as Hugging Face `datasets` and PIL's convert("RGB") give them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

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

// What a decoder hands back: the pixels as stored, and the metadata that says which way is up.
struct Decoded {
  Image image;
  std::vector<std::uint8_t> exif;  // a TIFF file, with or without "Exif\0\0" before it
  std::string xmp;
};

// One per format. They throw DecodeError with a reason that names no file.
Decoded decode_jpeg(Bytes bytes);
Decoded decode_png(Bytes bytes);
Decoded decode_webp(Bytes bytes);
Decoded decode_bmp(Bytes bytes);
Decoded decode_gif(Bytes bytes);
Decoded decode_tiff(Bytes bytes);
Decoded decode_pnm(Bytes bytes);
Decoded decode_ico(Bytes bytes);
Decoded decode_jp2(Bytes bytes);
Decoded decode_avif(Bytes bytes);
Decoded decode_heif(Bytes bytes);
bool resembles_tga(Bytes bytes);  // which has no first bytes of its own
Decoded decode_tga(Bytes bytes);

struct DecodeError {
  std::string reason;
};

// Throws DecodeError on sides below 1 or too many pixels.
void require_possible(std::int64_t height, std::int64_t width);

// The same, and where a file of `bytes` cannot hold that many pixels, of which no byte of its format holds
// more than `most_per_byte`. Smaller images than kBelievedPixels are believed.
constexpr std::int64_t kBelievedPixels = 1 << 22;
void require_plausible(std::int64_t height, std::int64_t width, std::int64_t most_per_byte, Bytes bytes);

// An image of this size with its pixels set aside, if that is possible.
Image blank_image(std::int64_t height, std::int64_t width, int channels);

}  // namespace zoetrope::data
