// SPDX-License-Identifier: Apache-2.0
// Windows bitmaps without compression, as Pillow's BmpImagePlugin reads them: 1, 4 and 8 bits with a palette,
// 16 bits (555 and 565), 24 and 32 bits. Alpha is dropped.
#include <algorithm>
#include <array>
#include <string>

#include "decode.hpp"

namespace zoetrope::data {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::uint32_t kUncompressed = 0;
constexpr std::uint32_t kBitFields = 3;

struct Header {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool top_down = false;
  int bits = 0;
  std::uint32_t compression = kUncompressed;
  std::size_t palette_at = 0;
  std::size_t palette_entries = 0;
  std::size_t palette_stride = 4;
  std::size_t pixels_at = 0;
  std::array<std::uint32_t, 3> masks{};  // red, green, blue; for kBitFields

  std::size_t stride() const {
    return (static_cast<std::size_t>(width) * static_cast<std::size_t>(bits) + 31) / 32 * 4;
  }
};

using Colour = std::array<std::uint8_t, 3>;
using Palette = std::array<Colour, 256>;

std::uint32_t little_endian(Bytes bytes, std::size_t at, std::size_t count) {
  if (at > bytes.size() || bytes.size() - at < count) throw DecodeError{"it ends within the header"};
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::uint32_t{bytes[at + i]} << (8 * i);
  return value;
}

Header read_core_header(Bytes bytes) {
  Header header;
  header.width = little_endian(bytes, 18, 2);
  header.height = little_endian(bytes, 20, 2);
  header.bits = static_cast<int>(little_endian(bytes, 24, 2));
  header.palette_stride = 3;
  return header;
}

Header read_info_header(Bytes bytes) {
  Header header;
  header.width = little_endian(bytes, 18, 4);
  const std::uint32_t height = little_endian(bytes, 22, 4);
  header.top_down = height >> 24 == 0xff;
  header.height = header.top_down ? std::int64_t{1} + ~height : std::int64_t{height};
  header.bits = static_cast<int>(little_endian(bytes, 28, 2));
  header.compression = little_endian(bytes, 30, 4);
  header.palette_entries = little_endian(bytes, 46, 4);
  if (header.compression == kBitFields) {
    for (std::size_t i = 0; i < 3; ++i) header.masks[i] = little_endian(bytes, 54 + 4 * i, 4);
  }
  return header;
}

Header read_header(Bytes bytes) {
  const std::uint32_t header_bytes = little_endian(bytes, kFileHeaderBytes, 4);
  const std::array<std::uint32_t, 7> known{12, 40, 52, 56, 64, 108, 124};
  if (std::ranges::find(known, header_bytes) == known.end())
    throw DecodeError{"its header of " + std::to_string(header_bytes) + " bytes is of no known kind"};
  Header header = header_bytes == 12 ? read_core_header(bytes) : read_info_header(bytes);
  header.pixels_at = little_endian(bytes, 10, 4);
  header.palette_at = kFileHeaderBytes + header_bytes;
  if (header.bits <= 8) {
    if (header.palette_entries == 0) header.palette_entries = std::size_t{1} << std::clamp(header.bits, 0, 8);
    if (header.palette_entries > 65536) throw DecodeError{"its palette is too large"};
    if (header.pixels_at == header.palette_at)
      header.pixels_at += header.palette_stride * header.palette_entries;
  }
  return header;
}

Palette read_palette(Bytes bytes, const Header& header) {
  Palette palette{};  // what is beyond its entries is black, as in PIL
  for (std::size_t i = 0; i < std::min(header.palette_entries, palette.size()); ++i) {
    const std::uint32_t bgr = little_endian(bytes, header.palette_at + i * header.palette_stride, 3);
    palette[i] = {static_cast<std::uint8_t>(bgr >> 16), static_cast<std::uint8_t>(bgr >> 8),
                  static_cast<std::uint8_t>(bgr)};
  }
  return palette;
}

bool is_grey(const Palette& palette) {
  return std::ranges::all_of(palette, [](const Colour& c) { return c[0] == c[1] && c[1] == c[2]; });
}

Image read_indexed(Bytes bytes, const Header& header) {
  const Palette palette = read_palette(bytes, header);
  const int channels = is_grey(palette) ? 1 : 3;
  Image image = blank_image(header.height, header.width, channels);
  const auto bits = static_cast<std::size_t>(header.bits);
  std::uint8_t* target = image.pixels.data();
  for (std::int64_t y = 0; y < header.height; ++y) {
    const std::int64_t row = header.top_down ? y : header.height - 1 - y;
    const Bytes source = bytes.subspan(header.pixels_at + static_cast<std::size_t>(row) * header.stride());
    for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x, target += channels) {
      const std::size_t first_bit = x * bits;  // the leftmost pixel has the highest bits
      const std::size_t index = source[first_bit / 8] >> (8 - bits - first_bit % 8) & ((1u << bits) - 1);
      std::copy_n(palette[index].data(), channels, target);
    }
  }
  return image;
}

// Where a colour's bits lie in a pixel, and how many they are.
struct Field {
  int shift = 0;
  int bits = 8;
  std::uint8_t of(std::uint32_t pixel) const {
    const std::uint32_t largest = (1u << bits) - 1;
    return static_cast<std::uint8_t>((pixel >> shift & largest) * 255 / largest);
  }
};

std::array<Field, 3> choose_fields(const Header& header) {
  using Masks = std::array<std::uint32_t, 3>;
  const bool given = header.compression == kBitFields;
  if (header.bits == 16) {
    if (!given || header.masks == Masks{0x7c00, 0x3e0, 0x1f}) return {Field{10, 5}, Field{5, 5}, Field{0, 5}};
    if (header.masks == Masks{0xf800, 0x7e0, 0x1f}) return {Field{11, 5}, Field{5, 6}, Field{0, 5}};
    throw DecodeError{"its bit fields are of no known kind"};
  }
  std::array<Field, 3> fields{Field{16}, Field{8}, Field{0}};
  if (!given || header.masks == Masks{0, 0, 0}) return fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    int shift = 0;
    while (shift < 24 && header.masks[i] != 0xffu << shift) shift += 8;
    if (header.masks[i] != 0xffu << shift) throw DecodeError{"its bit fields are of no known kind"};
    fields[i].shift = shift;
  }
  return fields;
}

Image read_direct(Bytes bytes, const Header& header) {
  const std::array<Field, 3> fields = choose_fields(header);
  Image image = blank_image(header.height, header.width, 3);
  const auto pixel_bytes = static_cast<std::size_t>(header.bits / 8);
  std::uint8_t* target = image.pixels.data();
  for (std::int64_t y = 0; y < header.height; ++y) {
    const std::int64_t row = header.top_down ? y : header.height - 1 - y;
    const std::size_t source = header.pixels_at + static_cast<std::size_t>(row) * header.stride();
    for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x) {
      const std::uint32_t pixel = little_endian(bytes, source + x * pixel_bytes, pixel_bytes);
      for (const Field& field : fields) *target++ = field.of(pixel);
    }
  }
  return image;
}

}  // namespace

Decoded decode_bmp(Bytes bytes) {
  const Header header = read_header(bytes);
  const bool indexed = header.bits == 1 || header.bits == 4 || header.bits == 8;
  const bool direct = header.bits == 16 || header.bits == 24 || header.bits == 32;
  if (!indexed && !direct)
    throw DecodeError{"pixels of " + std::to_string(header.bits) + " bits are not supported"};
  if (header.compression != kUncompressed && !(direct && header.compression == kBitFields))
    throw DecodeError{"its compression is not supported; convert it to PNG"};
  blank_image(header.height, header.width, 0);  // refuses impossible sizes
  const std::size_t last_row =
      (static_cast<std::size_t>(header.width) * static_cast<std::size_t>(header.bits) + 7) / 8;
  const std::size_t needed = header.stride() * static_cast<std::size_t>(header.height - 1) + last_row;
  if (header.pixels_at > bytes.size() || bytes.size() - header.pixels_at < needed)
    throw DecodeError{"it ends before its last pixel"};
  return {indexed ? read_indexed(bytes, header) : read_direct(bytes, header), {}, {}};
}

}  // namespace zoetrope::data
