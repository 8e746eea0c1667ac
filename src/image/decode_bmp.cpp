// SPDX-License-Identifier: Apache-2.0
// Windows bitmaps, decoded by FFmpeg as Pillow's BmpImagePlugin reads them. What the two read differently is
// refused before, and so is what sets more memory aside than its pixels take. Alpha is dropped. (stb_image
// rounds colours of 16 bits otherwise, and leaves those beyond a short palette to chance.)
#include <algorithm>
#include <string>

#include "bytes.hpp"
#include "ffmpeg_frame.hpp"

namespace zoetrope::image {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::uint32_t kUncompressed = 0;
constexpr std::uint32_t kBitFields = 3;
constexpr std::int64_t kMostPixelsPerRunByte = 128;
constexpr std::size_t kMostPadding = 3;  // of a row, which the last may lack

// Throws where the runs end before an end of the picture is said or its last row is full. After a zero comes
// the end of a row (0) or of the picture (1), a move (2), or a number of pixels that are given one by one.
void require_runs(Bytes runs, std::uint32_t bits, std::int64_t width, std::int64_t height) {
  std::int64_t x = 0, y = 0;
  for (std::size_t at = 0; y < height - 1 || (y == height - 1 && x < width);) {
    if (at + 2 > runs.size()) throw DecodeError{"it ends before its last pixel"};
    const std::uint32_t count = runs[at], what = runs[at + 1];
    at += 2;
    if (count != 0 || what > 2) x += count != 0 ? count : what;
    if (count == 0 && what == 1) return;
    if (count == 0 && what > 2) at += (std::size_t{what} * bits + 15) / 16 * 2;
    if (count == 0 && what == 0) {
      x = 0;
      ++y;
    } else if (count == 0 && what == 2) {
      x += little_endian(runs, at, 1);
      y += little_endian(runs, at + 1, 1);
      at += 2;
    }
  }
}

// Throws where FFmpeg would guess: at a palette or rows that are not all there.
void check(Bytes bytes) {
  const std::uint32_t pixels_at = little_endian(bytes, 10, 4);
  const std::uint32_t header_bytes = little_endian(bytes, kFileHeaderBytes, 4);
  const bool core = header_bytes == 12;
  const std::int64_t width = little_endian(bytes, 18, core ? 2 : 4);
  const std::uint32_t signed_height = little_endian(bytes, core ? 20 : 22, core ? 2 : 4);
  const bool top_down = signed_height >> 31 != 0;
  const std::int64_t height = top_down ? std::int64_t{1} + ~signed_height : std::int64_t{signed_height};
  const std::uint32_t bits = little_endian(bytes, core ? 24 : 28, 2);
  const std::uint32_t compression = core ? kUncompressed : little_endian(bytes, 30, 4);
  const bool runs = (compression == 1 && bits == 8) || (compression == 2 && bits == 4);
  if (compression != kUncompressed && compression != kBitFields && !runs)
    throw DecodeError{"its compression is not supported; convert it to PNG"};
  if (bits < 1 || bits > 32)
    throw DecodeError{"pixels of " + std::to_string(bits) + " bits are not supported"};
  require_possible(height, width);
  if (bits <= 8) {
    const std::uint32_t given = core ? 0 : little_endian(bytes, 46, 4);
    const std::uint64_t entries = given == 0 ? std::uint64_t{1} << bits : given;
    if (pixels_at < kFileHeaderBytes + header_bytes + entries * (core ? 3 : 4))
      throw DecodeError{"its palette is not all there"};
  }
  if (runs) {
    require_plausible(height, width, kMostPixelsPerRunByte, bytes);
    return require_runs(bytes.subspan(std::min<std::size_t>(pixels_at, bytes.size())), bits, width, height);
  }
  const std::uint64_t row_bits = static_cast<std::uint64_t>(width) * bits;
  const std::uint64_t rows_before = static_cast<std::uint64_t>(height - 1) * ((row_bits + 31) / 32 * 4);
  if (pixels_at + rows_before + (row_bits + 7) / 8 > bytes.size())
    throw DecodeError{"it ends before its last pixel"};
}

}  // namespace

Decoded decode_bmp(Bytes bytes) {
  check(bytes);
  const AvOwner<AVFrame> frame =
      decode_frame(AV_CODEC_ID_BMP, bytes, kMostPadding, "FFmpeg cannot decode its header or bit fields");
  return {frame->format == AV_PIX_FMT_PAL8 ? look_up_palette(*frame) : gather_colours(*frame), {}, {}};
}

}  // namespace zoetrope::image
