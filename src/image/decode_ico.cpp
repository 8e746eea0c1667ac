// SPDX-License-Identifier: Apache-2.0
// Windows icons: a list of PNG files and of bitmaps without their file header. As in Pillow's IcoImagePlugin
// the largest counts, of several the one with the fewest colours, and the mask, which is alpha, is dropped.
#include <algorithm>
#include <bit>
#include <string_view>
#include <tuple>

#include "bytes.hpp"

namespace zoetrope::image {
namespace {

constexpr std::uint32_t kBmpHeaderBytes = 14;  // which the bitmaps lack

struct IconEntry {
  std::uint32_t pixels, depth, at;
};

IconEntry read_entry(Bytes bytes, std::size_t at) {
  const auto side = [&](std::size_t where) {
    const std::uint32_t value = little_endian(bytes, where, 1);
    return value == 0 ? 256 : value;
  };
  const std::uint32_t colours = little_endian(bytes, at + 2, 1), bits = little_endian(bytes, at + 6, 2);
  const std::uint32_t enough = colours > 1 ? static_cast<std::uint32_t>(std::bit_width(colours - 1)) : 256;
  return {side(at) * side(at + 1), bits != 0 ? bits : enough, little_endian(bytes, at + 12, 4)};
}

// The bitmap's own height counts the rows of the mask, too.
Image decode_bitmap(Bytes bitmap) {
  constexpr std::size_t kHeightAt = 8;
  const std::uint32_t header_bytes = little_endian(bitmap, 0, 4);
  if (header_bytes < 40) throw DecodeError{"its bitmap has a header of an unknown kind"};
  const std::uint32_t height = little_endian(bitmap, kHeightAt, 4) / 2;
  const std::uint32_t bits = little_endian(bitmap, 14, 2), given = little_endian(bitmap, 32, 4);
  const bool has_masks = header_bytes == 40 && little_endian(bitmap, 16, 4) == 3;
  const std::uint32_t colours = bits > 8 ? 0 : given == 0 ? 1u << bits : std::min(given, 256u);
  const std::uint32_t pixels_at = kBmpHeaderBytes + header_bytes + (has_masks ? 12 : 0) + 4 * colours;
  std::vector<std::uint8_t> file(kBmpHeaderBytes);
  file[0] = 'B';
  file[1] = 'M';
  file.insert(file.end(), bitmap.begin(), bitmap.end());
  const auto file_bytes = static_cast<std::uint32_t>(file.size());
  for (std::size_t i = 0; i < 4; ++i) {
    file[2 + i] = static_cast<std::uint8_t>(file_bytes >> (8 * i));
    file[10 + i] = static_cast<std::uint8_t>(pixels_at >> (8 * i));
    file[kBmpHeaderBytes + kHeightAt + i] = static_cast<std::uint8_t>(height >> (8 * i));
  }
  return decode_bmp(file).image;
}

}  // namespace

Decoded decode_ico(Bytes bytes) {
  std::vector<IconEntry> entries(little_endian(bytes, 4, 2));
  if (entries.empty()) throw DecodeError{"it holds no image"};
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = read_entry(bytes, 6 + 16 * i);
  const IconEntry& best = *std::ranges::min_element(entries, [](const IconEntry& a, const IconEntry& b) {
    return std::tuple(b.pixels, a.depth) < std::tuple(a.pixels, b.depth);
  });
  if (best.at >= bytes.size()) throw DecodeError{"it ends before its largest image"};
  const Bytes file = bytes.subspan(best.at);
  constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n";
  const bool png = as_text(file).starts_with(kPng);
  return {png ? decode_png(file).image : decode_bitmap(file), {}, {}};  // PIL does not turn an icon
}

}  // namespace zoetrope::image
