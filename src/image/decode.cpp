// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/trace.hpp"

#include "decoders.hpp"
#include "orientation.hpp"

namespace zoetrope::image {
namespace {

using Decoder = Decoded (*)(Bytes);

struct Format {
  std::string_view name;
  std::string_view magic;
  std::size_t offset = 0;
  Decoder decode = nullptr;  // null: known by sight, not supported
};

constexpr std::array kFormats{
    Format{"JPEG", "\xff\xd8\xff", 0, decode_jpeg},
    Format{"PNG", "\x89PNG\r\n\x1a\n", 0, decode_png},
    Format{"WebP", "WEBP", 8, decode_webp},
    Format{"BMP", "BM", 0, decode_bmp},
    Format{"GIF", "GIF87a", 0, decode_gif},
    Format{"GIF", "GIF89a", 0, decode_gif},
    Format{"TIFF", {"II*\0", 4}, 0, decode_tiff},
    Format{"TIFF", {"MM\0*", 4}, 0, decode_tiff},
    Format{"BigTIFF", {"II+\0", 4}, 0, decode_tiff},
    Format{"BigTIFF", {"MM\0+", 4}, 0, decode_tiff},
    Format{"PBM", "P1", 0, decode_pnm},
    Format{"PGM", "P2", 0, decode_pnm},
    Format{"PPM", "P3", 0, decode_pnm},
    Format{"PBM", "P4", 0, decode_pnm},
    Format{"PGM", "P5", 0, decode_pnm},
    Format{"PPM", "P6", 0, decode_pnm},
    Format{"JPEG 2000", {"\0\0\0\x0cjP  \r\n\x87\n", 12}, 0, decode_jp2},
    Format{"JPEG 2000", "\xff\x4f\xff\x51", 0, decode_jp2},
    Format{"AVIF", "ftypavif", 4, decode_avif},
    Format{"AVIF", "ftypavis", 4, decode_avif},
    Format{"HEIC", "ftyphe", 4, decode_heif},  // heic, heix, hevc and others
    Format{"HEIF", "ftypmif1", 4, decode_heif},
    Format{"HEIF", "ftypmsf1", 4, decode_heif},
    Format{"ICO", {"\0\0\1\0", 4}, 0, decode_ico},
    Format{"a film or a camera's raw file", "ftyp", 4, nullptr},
    Format{"JPEG XL", "\xff\x0a", 0, nullptr},
    Format{"JPEG XL", "JXL ", 4, nullptr},
};

bool matches(const Format& format, Bytes bytes) {
  if (bytes.size() < format.offset + format.magic.size()) return false;
  const auto* start = reinterpret_cast<const char*>(bytes.data()) + format.offset;
  return std::string_view(start, format.magic.size()) == format.magic;
}

Decoded decode_as(std::string_view name, Decoder decode, Bytes bytes) {
  try {
    return decode(bytes);
  } catch (const DecodeError& error) {
    throw DecodeError{"is not a valid " + std::string(name) + " file: " + error.reason};
  }
}

Decoded decode_by_sight(Bytes bytes) {
  if (bytes.empty()) throw DecodeError{"is empty"};
  for (const Format& format : kFormats) {
    if (!matches(format, bytes)) continue;
    if (format.decode == nullptr)
      throw DecodeError{"is " + std::string(format.name) + ", which is not supported; convert it to PNG"};
    return decode_as(format.name, format.decode, bytes);
  }
  if (resembles_tga(bytes)) return decode_as("TGA", decode_tga, bytes);
  throw DecodeError{"is no image of a known kind; supported are " + std::string(kReadKinds)};
}

}  // namespace

Image decode_image(Bytes bytes, const std::string& origin) {
  const trace::Span span("decoding");
  try {
    Decoded decoded = decode_by_sight(bytes);
    return turn_upright(std::move(decoded.image), orientation_of(decoded.exif, decoded.xmp));
  } catch (const DecodeError& error) {
    throw InputError(origin + ": " + error.reason);
  }
}

bool can_decode(Bytes start) {
  const auto* const format =
      std::ranges::find_if(kFormats, [&](const Format& f) { return matches(f, start); });
  return format == kFormats.end() ? resembles_tga(start) : format->decode != nullptr;
}

void require_possible(std::int64_t height, std::int64_t width) {
  if (height < 1 || width < 1) throw DecodeError{"it has no pixels"};
  if (height > kMaxPixels / width)
    throw DecodeError{"its " + std::to_string(width) + " x " + std::to_string(height) +
                      " pixels are more than the " + std::to_string(kMaxPixels) + " allowed"};
}

void require_plausible(std::int64_t height, std::int64_t width, std::int64_t most_per_byte, Bytes bytes) {
  require_possible(height, width);
  const std::int64_t pixels = height * width;
  if (pixels <= kBelievedPixels || pixels / most_per_byte <= std::ssize(bytes)) return;
  throw DecodeError{"its " + std::to_string(width) + " x " + std::to_string(height) +
                    " pixels are more than its " + std::to_string(bytes.size()) +
                    " bytes can hold; copy or download it again"};
}

Image blank_image(std::int64_t height, std::int64_t width, int channels) {
  require_possible(height, width);
  const auto size = static_cast<std::size_t>(height * width) * static_cast<std::size_t>(channels);
  return {static_cast<int>(height), static_cast<int>(width), channels, std::vector<std::uint8_t>(size)};
}

}  // namespace zoetrope::image
