// SPDX-License-Identifier: Apache-2.0
#include "pack.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include <openssl/evp.h>
#include <zlib.h>

#include "zoetrope/support/deflate.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::review {
namespace {

constexpr std::uint16_t kNoNumber = 65535;

std::uint16_t quantise_one(double value, Quantisation quantisation) {
  if (!std::isfinite(value)) return kNoNumber;
  const double unit = quantisation.high > quantisation.low
                          ? (value - quantisation.low) / (quantisation.high - quantisation.low)
                          : 0;
  return static_cast<std::uint16_t>(
      std::lround(std::clamp(unit, 0.0, 1.0) * static_cast<double>(quantisation.levels())));
}

// `bytes` as blocks of DEFLATE that stand for themselves, whatever is before and behind them.
std::string deflate(std::string_view bytes, int strategy) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, strategy) != Z_OK)
    throw RunError("zlib cannot pack the review page's data");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, deflateEnd);
  constexpr std::size_t kFlush = 16;
  std::string packed(deflateBound(&stream, static_cast<uLong>(bytes.size())) + kFlush, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (::deflate(&stream, Z_FULL_FLUSH) != Z_OK || stream.avail_in > 0)
    throw RunError("zlib cannot pack the review page's data");
  packed.resize(packed.size() - stream.avail_out);
  return packed;
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int byte = 0; byte < 4; ++byte) bytes.push_back(static_cast<char>(value >> (8 * byte)));
  return bytes;
}

}  // namespace

std::string gzip(std::string_view bytes) {
  const trace::Span span("packing", "bytes", static_cast<std::int64_t>(bytes.size()));
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max())
    throw RunError("the review page's data exceed 4 GiB");
  support::Deflater deflater(support::Deflater::Container::kGzip, support::Deflater::Effort::kMost);
  deflater.add({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, true);
  return std::string(deflater.bytes());
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string printable(std::string_view bytes) {
  static const std::string digits = [] {
    std::string all;
    for (char c = '!'; c <= '~'; ++c)
      if (c != '"' && c != '<' && c != '\\') all.push_back(c);
    return all;
  }();
  constexpr std::uint32_t kBase = 91;
  std::string text;
  text.reserve(bytes.size() / 13 * 16 + 32);
  std::uint32_t bits = 0;
  int waiting = 0;
  const auto put = [&](std::uint32_t value) {
    text.push_back(digits[value % kBase]);
    text.push_back(digits[value / kBase]);
  };
  for (const char byte : bytes) {
    bits |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(byte)) << waiting;
    waiting += 8;
    if (waiting < 13) continue;
    put(bits & 0x1FFFU);
    bits >>= 13;
    waiting -= 13;
  }
  if (waiting > 6)
    put(bits);
  else if (waiting > 0)
    text.push_back(digits[bits]);
  return text;
}

std::vector<std::uint16_t> quantise(std::span<const double> values, Quantisation quantisation) {
  std::vector<std::uint16_t> stored(values.size());
  std::transform(values.begin(), values.end(), stored.begin(),
                 [quantisation](double value) { return quantise_one(value, quantisation); });
  return stored;
}

std::string ArrayPacker::gzip() const {
  const trace::Span span("packing", "bytes", static_cast<std::int64_t>(bytes_.size()));
  std::string packed("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  uLong sum = crc32(0, nullptr, 0);
  for (std::size_t plane = 0, first = 0; plane < plane_ends_.size(); first = plane_ends_[plane++]) {
    support::stop_point();
    const std::string_view bytes = std::string_view(bytes_).substr(first, plane_ends_[plane] - first);
    if (bytes.size() > std::numeric_limits<std::uint32_t>::max() / 2)
      throw RunError("an array of the review page exceeds 2 GiB");
    const std::string with_matches = deflate(bytes, Z_DEFAULT_STRATEGY);
    const std::string without = deflate(bytes, Z_HUFFMAN_ONLY);
    packed += with_matches.size() < without.size() ? with_matches : without;
    sum = crc32(sum, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
  }
  return packed + std::string("\x03\0", 2) + little_endian(sum) + little_endian(bytes_.size());
}

template <typename Integer>
void ArrayPacker::add(const std::string& name, const std::vector<Integer>& values, std::size_t frame_size,
                      std::int64_t levels) {
  for (std::size_t plane = 0; plane < sizeof(Integer); ++plane) {
    support::stop_point();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool has_before = frame_size > 0 && i >= frame_size;
      const auto stored = static_cast<Integer>(has_before ? values[i] - values[i - frame_size] : values[i]);
      bytes_.push_back(static_cast<char>(stored >> (8 * plane)));
    }
    plane_ends_.push_back(bytes_.size());
  }
  directory_.push_back({{"name", name},
                        {"width", sizeof(Integer)},
                        {"length", values.size()},
                        {"frame", frame_size},
                        {"levels", levels}});
}

void ArrayPacker::add_quantised(const std::string& name, std::span<const double> values,
                                Quantisation quantisation, std::size_t frame_size) {
  add(name, quantise(values, quantisation), frame_size, quantisation.levels());
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
