// SPDX-License-Identifier: Apache-2.0
// Portable bitmaps, greymaps and pixmaps, P1 to P6, as Pillow's PpmImagePlugin reads them.
#include <algorithm>
#include <cmath>
#include <string>

#include "bytes.hpp"
#include "pil_pixels.hpp"

namespace zoetrope::image {
namespace {

bool is_space(std::uint8_t byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

class PnmReader {
 public:
  explicit PnmReader(Bytes bytes) : left_(bytes) {}

  std::size_t left() const { return left_.size(); }

  std::uint32_t byte() {
    if (left_.empty()) throw DecodeError{"it ends before its last pixel"};
    const std::uint8_t first = left_[0];
    left_ = left_.subspan(1);
    return first;
  }

  // Moves to what is neither white space nor comment, and gives that.
  std::uint8_t next() {
    for (bool comment = false;; left_ = left_.subspan(1)) {
      if (left_.empty()) throw DecodeError{"it ends before its last pixel"};
      const std::uint8_t first = left_[0];
      if (comment)
        comment = first != '\n' && first != '\r';
      else if (first == '#')
        comment = true;
      else if (!is_space(first))
        return first;
    }
  }

  std::uint32_t number() {
    std::uint32_t value = 0;
    next();
    for (; !left_.empty() && !is_space(left_[0]) && left_[0] != '#'; left_ = left_.subspan(1)) {
      if (left_[0] < '0' || left_[0] > '9' || value > 99'999'999)
        throw DecodeError{"it has another thing where a number should be"};
      value = 10 * value + (left_[0] - std::uint32_t{'0'});
    }
    return value;
  }

 private:
  Bytes left_;
};

struct PnmHeader {
  std::uint32_t kind, width, height, largest = 1;

  bool plain() const { return kind <= 3; }
  bool bitmap() const { return kind == 1 || kind == 4; }
  int channels() const { return kind == 3 || kind == 6 ? 3 : 1; }
};

PnmHeader read_header(PnmReader& reader) {
  reader.byte();
  PnmHeader header{reader.byte() - '0', 0, 0};
  header.width = reader.number();
  header.height = reader.number();
  if (!header.bitmap()) header.largest = reader.number();
  if (header.largest < 1 || header.largest > 65535)
    throw DecodeError{"its largest value is " + std::to_string(header.largest) + ", not 1 to 65535"};
  return header;
}

// Greys of more than 8 bits are brought to 16, of which PIL's convert("RGB") keeps the lowest 255.
std::uint8_t scale(std::uint32_t value, const PnmHeader& header) {
  const bool wide = header.channels() == 1 && header.largest > 255;
  const int most = wide ? 65535 : 255;
  const double scaled = std::nearbyint(static_cast<double>(value) / header.largest * most);
  return saturate(static_cast<std::int64_t>(scaled));
}

void read_bits(PnmReader& reader, const PnmHeader& header, Image& image) {
  std::uint8_t* out = image.pixels.data();
  for (std::uint32_t y = 0; y < header.height; ++y) {
    std::uint32_t bits = 0;
    for (std::uint32_t x = 0; x < header.width; ++x, bits <<= 1) {
      if (x % 8 == 0) bits = reader.byte();
      *out++ = (bits & 0x80) != 0 ? 0 : 255;
    }
  }
}

void read_plain_bits(PnmReader& reader, Image& image) {
  for (std::uint8_t& pixel : image.pixels) {
    const std::uint8_t digit = reader.next();
    if (digit != '0' && digit != '1') throw DecodeError{"it has another thing where a 0 or 1 should be"};
    pixel = digit == '1' ? 0 : 255;
    reader.byte();
  }
}

void read_values(PnmReader& reader, const PnmHeader& header, Image& image) {
  for (std::uint8_t& sample : image.pixels) {
    std::uint32_t value = header.plain() ? reader.number() : reader.byte();
    if (!header.plain() && header.largest > 255) value = value << 8 | reader.byte();
    if (header.plain() && value > header.largest)
      throw DecodeError{"it has the value " + std::to_string(value) + ", which is above its largest, " +
                        std::to_string(header.largest)};
    sample = scale(value, header);
  }
}

// Before anything is set aside: every pixel takes so many bytes at least.
void require_pixels(const PnmReader& reader, const PnmHeader& header) {
  const std::uint64_t samples =
      std::uint64_t{header.width} * header.height * static_cast<std::uint64_t>(header.channels());
  const std::uint64_t row_bytes = (std::uint64_t{header.width} + 7) / 8;
  const std::uint64_t needed = header.kind == 4                         ? row_bytes * header.height
                               : header.kind == 1                       ? samples
                               : header.plain() || header.largest > 255 ? 2 * samples - 1
                                                                        : samples;
  if (needed > reader.left()) throw DecodeError{"it ends before its last pixel"};
}

}  // namespace

Decoded decode_pnm(Bytes bytes) {
  PnmReader reader(bytes);
  const PnmHeader header = read_header(reader);
  require_possible(header.height, header.width);
  if (!header.plain()) reader.byte();  // one byte of white space
  require_pixels(reader, header);
  Decoded decoded;
  decoded.image = blank_image(header.height, header.width, header.channels());
  if (header.kind == 4)
    read_bits(reader, header, decoded.image);
  else if (header.kind == 1)
    read_plain_bits(reader, decoded.image);
  else
    read_values(reader, header, decoded.image);
  return decoded;
}

}  // namespace zoetrope::image
