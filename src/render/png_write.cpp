// SPDX-License-Identifier: Apache-2.0
// PNG files (ISO/IEC 15948) with ISA-L's DEFLATE. libpng takes no other than zlib's, so the four chunks of
// the file are put together here.
#include <algorithm>
#include <string_view>

#include <isa-l/crc.h>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/deflate.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::render {
namespace {

constexpr int kBandRows = 16;  // filtered and packed at a time: a band stays in the cache

void append_number(std::string& bytes, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(value >> shift));
}

void append_chunk(std::string& file, std::string_view type, std::string_view data) {
  append_number(file, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = file.size();
  file.append(type).append(data);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(file.data() + start);
  append_number(file, crc32_gzip_refl(0, bytes, file.size() - start));
}

std::string header(const Picture& picture) {
  std::string data;
  append_number(data, static_cast<std::uint32_t>(picture.width));
  append_number(data, static_cast<std::uint32_t>(picture.height));
  // 8 bits a channel, RGB; deflate, filters by row, not interlaced.
  return data.append({8, 2, 0, 0, 0});
}

// Rows [first, last), each after the byte that says it is not filtered: a frame is mostly flat, filters make
// its file larger.
void pack_rows(const Picture& picture, int first, int last, std::vector<std::uint8_t>& band) {
  const auto width = static_cast<std::size_t>(picture.width);
  band.resize(static_cast<std::size_t>(last - first) * (1 + 3 * width));
  std::uint8_t* out = band.data();
  const std::uint32_t* in = picture.pixels.data() + static_cast<std::size_t>(first) * width;
  for (int y = first; y < last; ++y) {
    *out++ = 0;
    for (std::size_t x = 0; x < width; ++x, out += 3) {
      const std::uint32_t pixel = *in++;
      out[0] = static_cast<std::uint8_t>(pixel >> 16);
      out[1] = static_cast<std::uint8_t>(pixel >> 8);
      out[2] = static_cast<std::uint8_t>(pixel);
    }
  }
}

}  // namespace

void write_png(const std::filesystem::path& path, const Picture& picture) {
  const trace::Span span("packing", path);
  support::Deflater deflater(support::Deflater::Container::kZlib, support::Deflater::Effort::kLittle);
  std::vector<std::uint8_t> band;
  for (int first = 0; first < picture.height; first += kBandRows) {
    const int last = std::min(first + kBandRows, picture.height);
    pack_rows(picture, first, last, band);
    deflater.add(band, last == picture.height);
  }
  std::string file = "\x89PNG\r\n\x1a\n";
  append_chunk(file, "IHDR", header(picture));
  append_chunk(file, "IDAT", deflater.bytes());
  append_chunk(file, "IEND", {});
  support::write_file(path, file);
}

}  // namespace zoetrope::render
