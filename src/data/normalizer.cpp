// SPDX-License-Identifier: Apache-2.0
#include "normalizer.hpp"

#include <cmath>
#include <cstring>
#include <numeric>

namespace zoetrope::data {
namespace {

ByteTable make_table(double factor, float mean, float deviation) {
  ByteTable table{};
  for (std::size_t byte = 0; byte < kByteValues; ++byte) {
    const auto rescaled = static_cast<float>(static_cast<double>(byte) * factor);
    table[byte] = (rescaled - mean) / deviation;
  }
  return table;
}

// Eight bytes are loaded at once: the loads, of which a core does two or three a cycle, are what this costs.
void look_up(const std::uint8_t* bytes, std::int64_t count, const ByteTable& table, float* out) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes + i, sizeof eight);
    for (int k = 0; k < 8; ++k) out[i + k] = table[eight >> (8 * k) & 0xff];
  }
  for (; i < count; ++i) out[i] = table[bytes[i]];
}

}  // namespace

// The quotient by the deviation is the product with its inverse and with what that leaves over (Markstein).
[[gnu::always_inline]] inline float Normalizer::Formula::value(float byte) const {
  const float centred = std::fma(byte, factor, byte * factor_rest) - mean;
  const float quotient = centred * inverse;
  return std::fma(std::fma(-quotient, deviation, centred), inverse, quotient);
}

ZT_AVX2 void Normalizer::Formula::apply_avx2(const std::uint8_t* __restrict bytes, std::int64_t count,
                                             float* __restrict out) const {
  const Formula formula = *this;  // which `out` does not point into
  for (std::int64_t i = 0; i < count; ++i) out[i] = formula.value(bytes[i]);
}

// It does for every model we know of, but that is not proved for every factor and deviation.
bool Normalizer::Formula::gives(const ByteTable& table) const {
  std::array<std::uint8_t, kByteValues> bytes;
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  ByteTable values;
  apply_avx2(bytes.data(), std::ssize(bytes), values.data());
  return std::memcmp(values.data(), table.data(), sizeof(ByteTable)) == 0;
}

Normalizer::Normalizer(double factor, float mean, float deviation, Instructions use)
    : table_(make_table(factor, mean, deviation)),
      formula_{static_cast<float>(factor),
               static_cast<float>(factor - static_cast<double>(static_cast<float>(factor))), mean, deviation,
               1.0f / deviation},
      computes_(use == Instructions::kAvx2 && formula_.gives(table_)) {}

void Normalizer::apply(const std::uint8_t* bytes, std::int64_t count, float* out) const {
  if (computes_) return formula_.apply_avx2(bytes, count, out);
  look_up(bytes, count, table_, out);
}

}  // namespace zoetrope::data
