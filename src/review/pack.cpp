// SPDX-License-Identifier: Apache-2.0
#include "pack.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <openssl/evp.h>
#include <zlib.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::review {
namespace {

constexpr std::uint16_t kNoNumber = 65535;

struct Deflater {
  z_stream stream{};
  explicit Deflater(Content content) {
    constexpr int kGzipHeader = 16, kMostMemory = 9;
    const bool numbers = content == Content::kNumbers;
    if (deflateInit2(&stream, numbers ? Z_DEFAULT_COMPRESSION : Z_BEST_COMPRESSION, Z_DEFLATED,
                     MAX_WBITS + kGzipHeader, kMostMemory,
                     numbers ? Z_FILTERED : Z_DEFAULT_STRATEGY) != Z_OK) {
      throw RunError("zlib cannot be started: out of memory");
    }
  }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
};

std::uint16_t quantise(double value, Range range) {
  if (!std::isfinite(value)) return kNoNumber;
  const double unit = range.high > range.low ? (value - range.low) / (range.high - range.low) : 0;
  return static_cast<std::uint16_t>(std::lround(std::clamp(unit, 0.0, 1.0) * (kNoNumber - 1)));
}

}  // namespace

std::string gzip(std::string_view bytes, Content content) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) throw RunError("the review page's data exceed 4 GiB");
  Deflater deflater(content);
  z_stream& stream = deflater.stream;
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
    throw RunError("the review page's data cannot be compressed");
  packed.resize(stream.total_out);
  return packed;
}

std::string base64(std::string_view bytes) {
  constexpr std::size_t kBlock = std::size_t{3}
                                 << 20;  // a multiple of 3, so that only the last block is padded
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::string encoded(kBlock / 3 * 4 + 1, '\0');
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kBlock, bytes.size()))) {
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(std::min(kBlock, bytes.size())));
    text.append(encoded.data(), static_cast<std::size_t>(length));
  }
  return text;
}

template <typename Integer>
void ArrayPacker::add(const std::string& name, const std::vector<Integer>& values, std::size_t frame_size) {
  for (std::size_t plane = 0; plane < sizeof(Integer); ++plane) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool has_before = frame_size > 0 && i >= frame_size;
      const auto stored = static_cast<Integer>(has_before ? values[i] - values[i - frame_size] : values[i]);
      bytes_.push_back(static_cast<char>(stored >> (8 * plane)));
    }
  }
  directory_.push_back(
      {{"name", name}, {"width", sizeof(Integer)}, {"length", values.size()}, {"frame", frame_size}});
}

void ArrayPacker::add_quantised(const std::string& name, std::span<const double> values, Range range,
                                std::size_t frame_size) {
  std::vector<std::uint16_t> stored(values.size());
  std::transform(values.begin(), values.end(), stored.begin(),
                 [range](double value) { return quantise(value, range); });
  add(name, stored, frame_size);
}

void ArrayPacker::add_small(const std::string& name, std::span<const std::int64_t> values,
                            std::size_t frame_size) {
  std::vector<std::uint16_t> stored(values.size());
  std::transform(values.begin(), values.end(), stored.begin(), [](std::int64_t value) {
    return value < 0 || value > kNoNumber ? kNoNumber : static_cast<std::uint16_t>(value);
  });
  add(name, stored, frame_size);
}

void ArrayPacker::add_integers(const std::string& name, std::span<const std::int64_t> values) {
  std::vector<std::uint32_t> stored(values.size());
  std::transform(values.begin(), values.end(), stored.begin(),
                 [](std::int64_t value) { return static_cast<std::uint32_t>(value); });
  add(name, stored, 0);
}

}  // namespace zoetrope::review
