// SPDX-License-Identifier: Apache-2.0
// Truevision's TGA, decoded by FFmpeg as Pillow's TgaImagePlugin reads it. Alpha is dropped. The format has
// no first bytes of its own: what has the header of one is one.
#include <algorithm>
#include <string>
#include <utility>

#include "bytes.hpp"
#include "ffmpeg_frame.hpp"
#include "orientation.hpp"

namespace zoetrope::image {
namespace {

constexpr std::size_t kTgaHeaderBytes = 18;
constexpr std::uint32_t kRunLengths = 8;
constexpr std::int64_t kMostPixelsPerRun = 128;
enum TgaKind : std::uint32_t { kTgaPalette = 1, kTgaColours = 2, kTgaGrey = 3 };

struct TgaHeader {
  explicit TgaHeader(Bytes bytes)
      : text_bytes(bytes[0]),
        has_palette(bytes[1]),
        kind(bytes[2] & ~kRunLengths),
        compressed((bytes[2] & kRunLengths) != 0),
        palette_start(little_endian(bytes, 3, 2)),
        palette_size(little_endian(bytes, 5, 2)),
        palette_bits(bytes[7]),
        width(little_endian(bytes, 12, 2)),
        height(little_endian(bytes, 14, 2)),
        bits(bytes[16]),
        flags(bytes[17]) {}

  std::size_t pixels_at() const {
    const std::size_t palette = std::size_t{palette_size} * ((palette_bits + 7) / 8);
    return kTgaHeaderBytes + text_bytes + (has_palette != 0 ? palette : 0);
  }

  std::uint32_t text_bytes, has_palette, kind;
  bool compressed;
  std::uint32_t palette_start, palette_size, palette_bits, width, height, bits, flags;
};

// FFmpeg takes what is not there for zeros.
void require_all(const TgaHeader& header, Bytes bytes) {
  const std::size_t before = header.pixels_at();
  std::size_t pixels = std::size_t{header.width} * header.height;
  if (bytes.size() < before) throw DecodeError{"it ends before its first pixel"};
  const std::size_t pixel_bytes = header.bits / 8;
  Bytes left = bytes.subspan(before);
  if (!header.compressed) {
    if (left.size() < pixels * pixel_bytes) throw DecodeError{"it ends before its last pixel"};
    return;
  }
  while (pixels > 0) {
    const std::uint32_t run = little_endian(left, 0, 1);
    const std::size_t count = (run & 0x7f) + 1;
    const std::size_t size = 1 + ((run & 0x80) != 0 ? 1 : count) * pixel_bytes;
    if (count > pixels) throw DecodeError{"a run of it ends after its last pixel"};
    if (size > left.size()) throw DecodeError{"it ends before its last pixel"};
    left = left.subspan(size);
    pixels -= count;
  }
}

// FFmpeg does not read pixels of one bit. Rows go upwards and to the right unless the flags say otherwise.
Image black_and_white(const TgaHeader& header, Bytes bytes) {
  const std::size_t row_bytes = (header.width + 7) / 8;
  const Bytes rows = bytes.subspan(std::min(header.pixels_at(), bytes.size()));
  if (rows.size() < row_bytes * header.height) throw DecodeError{"it ends before its last pixel"};
  Image image = blank_image(header.height, header.width, 1);
  std::uint8_t* out = image.pixels.data();
  for (std::size_t y = 0; y < header.height; ++y)
    for (std::size_t x = 0; x < header.width; ++x)
      *out++ = (rows[y * row_bytes + x / 8] >> (7 - x % 8) & 1) != 0 ? 255 : 0;
  const bool down = (header.flags & 0x20) != 0, left = (header.flags & 0x10) != 0;
  return turn_upright(std::move(image), down ? (left ? 2 : 1) : (left ? 3 : 4));
}

}  // namespace

bool resembles_tga(Bytes bytes) {
  if (bytes.size() < kTgaHeaderBytes) return false;
  const TgaHeader header(bytes);
  const bool fits = header.kind == kTgaPalette ? header.bits == 8
                    : header.kind == kTgaGrey
                        ? header.bits == 8 || header.bits == 16 || (header.bits == 1 && !header.compressed)
                    : header.kind == kTgaColours ? header.bits == 16 || header.bits == 24 || header.bits == 32
                                                 : false;
  return fits && header.has_palette <= 1 && header.width > 0 && header.height > 0;
}

Decoded decode_tga(Bytes bytes) {
  const TgaHeader header(bytes);
  const bool looked_up = header.kind == kTgaPalette;
  if (looked_up && header.has_palette == 0) throw DecodeError{"it has no palette; convert it to PNG"};
  if (looked_up && header.palette_bits != 24 && header.palette_bits != 32)
    throw DecodeError{"a palette of " + std::to_string(header.palette_bits) +
                      " bits is not supported; convert it to PNG"};
  if (looked_up && header.palette_start + header.palette_size > 256)
    throw DecodeError{"its palette has more than 256 colours"};
  require_plausible(header.height, header.width, header.compressed ? kMostPixelsPerRun : 1, bytes);
  if (header.bits == 1) return {black_and_white(header, bytes), {}, {}};
  require_all(header, bytes);
  const AvOwner<AVFrame> frame = decode_frame(AV_CODEC_ID_TARGA, bytes, 0, "FFmpeg cannot decode it");
  // FFmpeg takes pixels of grey and alpha for colours of 15 bits.
  if (header.kind == kTgaGrey) return {first_bytes(*frame, header.bits / 8), {}, {}};
  return {looked_up ? look_up_palette(*frame) : gather_colours(*frame), {}, {}};
}

}  // namespace zoetrope::image
