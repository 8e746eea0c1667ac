// SPDX-License-Identifier: Apache-2.0
// One decoder for each format, and what they share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoetrope/image/decode.hpp"

namespace zoetrope::image {

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

}  // namespace zoetrope::image
