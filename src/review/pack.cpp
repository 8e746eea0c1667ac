// SPDX-License-Identifier: Apache-2.0
#include "pack.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <openssl/evp.h>

#include "zoetrope/support/deflate.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::review {
namespace {

constexpr std::uint16_t kNoNumber = 65535;

std::uint16_t quantise(double value, Range range) {
  if (!std::isfinite(value)) return kNoNumber;
  const double unit = range.high > range.low ? (value - range.low) / (range.high - range.low) : 0;
  return static_cast<std::uint16_t>(
      std::lround(std::clamp(unit, 0.0, 1.0) * static_cast<double>(range.levels())));
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
void ArrayPacker::add(const std::string& name, const std::vector<Integer>& values, std::size_t frame_size,
                      std::int64_t levels) {
  for (std::size_t plane = 0; plane < sizeof(Integer); ++plane) {
    support::stop_point();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool has_before = frame_size > 0 && i >= frame_size;
      const auto stored = static_cast<Integer>(has_before ? values[i] - values[i - frame_size] : values[i]);
      bytes_.push_back(static_cast<char>(stored >> (8 * plane)));
    }
  }
  directory_.push_back({{"name", name},
                        {"width", sizeof(Integer)},
                        {"length", values.size()},
                        {"frame", frame_size},
                        {"levels", levels}});
}

void ArrayPacker::add_quantised(const std::string& name, std::span<const double> values, Range range,
                                std::size_t frame_size) {
  std::vector<std::uint16_t> stored(values.size());
  std::transform(values.begin(), values.end(), stored.begin(),
                 [range](double value) { return quantise(value, range); });
  add(name, stored, frame_size, range.levels());
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
