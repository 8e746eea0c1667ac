// SPDX-License-Identifier: Apache-2.0
#include "normalizer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "normalizer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::preprocess::HWY_NAMESPACE {
namespace {

// Without such an instruction std::fma is slower than the table.
bool fuses_products() {
  return HWY_NATIVE_FMA;
}

void compute(const Normalizer::Formula& formula, const std::uint8_t* HWY_RESTRICT bytes, std::int64_t count,
             float* HWY_RESTRICT out) {
  const auto [factor, factor_rest, mean, deviation] = formula;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto byte = static_cast<float>(bytes[i]);
    out[i] = (std::fma(byte, factor, byte * factor_rest) - mean) / deviation;
  }
}

}  // namespace
}  // namespace zoetrope::preprocess::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::preprocess {
namespace {

HWY_EXPORT(fuses_products);
HWY_EXPORT(compute);

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

// It does for every model we know of, but that is not proved for every factor.
bool gives(const Normalizer::Formula& formula, const ByteTable& table) {
  std::array<std::uint8_t, kByteValues> bytes;
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  ByteTable values;
  HWY_DYNAMIC_DISPATCH(compute)(formula, bytes.data(), std::ssize(bytes), values.data());
  return std::ranges::equal(values, table, {}, std::bit_cast<std::uint32_t, float>,
                            std::bit_cast<std::uint32_t, float>);
}

}  // namespace

Normalizer::Normalizer(double factor, float mean, float deviation)
    : table_(make_table(factor, mean, deviation)),
      formula_{static_cast<float>(factor),
               static_cast<float>(factor - static_cast<double>(static_cast<float>(factor))), mean, deviation},
      computes_(HWY_DYNAMIC_DISPATCH(fuses_products)() && gives(formula_, table_)) {}

void Normalizer::apply(const std::uint8_t* bytes, std::int64_t count, float* out) const {
  if (computes_) return HWY_DYNAMIC_DISPATCH(compute)(formula_, bytes, count, out);
  look_up(bytes, count, table_, out);
}

}  // namespace zoetrope::preprocess
#endif
