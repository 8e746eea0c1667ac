// SPDX-License-Identifier: Apache-2.0
#include "number_type.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

namespace zoetrope::data {

namespace {

static_assert(std::endian::native == std::endian::little);

// From here on a double rounds to infinity: half a step beyond the greatest float.
constexpr double kTooLargeForFloat = 0x1.ffffffp127;

std::uint16_t swapped(std::uint16_t bits) {
  return __builtin_bswap16(bits);
}
std::uint32_t swapped(std::uint32_t bits) {
  return __builtin_bswap32(bits);
}
std::uint64_t swapped(std::uint64_t bits) {
  return __builtin_bswap64(bits);
}
std::uint8_t swapped(std::uint8_t bits) {
  return bits;
}

template <typename Bits>
Bits load_bits(const std::byte* from, bool is_big_endian) {
  Bits bits;
  std::memcpy(&bits, from, sizeof bits);
  return is_big_endian ? swapped(bits) : bits;
}

// IEEE 754's binary16, all of whose values a float has.
float from_half(std::uint16_t half) {
  constexpr std::uint32_t kGreatestExponent = 31, kExponentShift = 127 - 15;
  const std::uint32_t sign = (half & 0x8000U) << 16, exponent = (half >> 10) & 31U, fraction = half & 1023U;
  if (exponent == 0) {
    const float size = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -size : size;
  }
  const std::uint32_t widened = exponent == kGreatestExponent ? 255U : exponent + kExponentShift;
  return std::bit_cast<float>(sign | (widened << 23) | (fraction << 13));
}

template <typename Signed, typename Bits>
bool as_integer(Bits bits, bool is_signed, std::int64_t& value) {
  value = is_signed ? std::int64_t{static_cast<Signed>(bits)} : static_cast<std::int64_t>(bits);
  return is_signed || value >= 0;
}

}  // namespace

std::string name_of(const NumberType& type) {
  const char* kind = type.kind == 'f' ? "float" : type.kind == 'i' ? "int" : "uint";
  return kind + std::to_string(8 * type.bytes);
}

bool load_integer(std::span<const std::byte> bytes, std::size_t i, const NumberType& type,
                  std::int64_t& value) {
  const std::byte* from = bytes.subspan(i * type.bytes, type.bytes).data();
  const bool is_signed = type.kind == 'i', is_big = type.is_big_endian;
  switch (type.bytes) {
    case 1:
      return as_integer<std::int8_t>(load_bits<std::uint8_t>(from, is_big), is_signed, value);
    case 2:
      return as_integer<std::int16_t>(load_bits<std::uint16_t>(from, is_big), is_signed, value);
    case 4:
      return as_integer<std::int32_t>(load_bits<std::uint32_t>(from, is_big), is_signed, value);
    default:
      return as_integer<std::int64_t>(load_bits<std::uint64_t>(from, is_big), is_signed, value);
  }
}

FloatRows::FloatRows(const ArrayInfo& array, const NumberType& type, bool is_by_columns,
                     std::int64_t believed)
    : array_(array),
      type_(type),
      is_by_columns_(is_by_columns),
      size_(static_cast<std::size_t>(array.rows) * static_cast<std::size_t>(array.columns)),
      is_turned_at_end_(is_by_columns && size_ > static_cast<std::size_t>(believed) / sizeof(float)) {
  values_.reserve(std::min(size_, static_cast<std::size_t>(believed) / sizeof(float)));
  if (is_by_columns_ && !is_turned_at_end_) values_.resize(size_);
}

std::size_t FloatRows::place_of(std::size_t number) const {
  const auto rows = static_cast<std::size_t>(array_.rows), columns = static_cast<std::size_t>(array_.columns);
  return is_by_columns_ ? number % rows * columns + number / rows : number;
}

std::vector<float> FloatRows::take() {
  if (!is_turned_at_end_) return std::move(values_);
  std::vector<float> turned(values_.size());
  for (std::size_t number = 0; number < values_.size(); ++number) turned[place_of(number)] = values_[number];
  return turned;
}

void FloatRows::refuse(std::size_t at, double value) const {
  const auto row = at / static_cast<std::size_t>(array_.columns);
  const auto column = at % static_cast<std::size_t>(array_.columns);
  const std::string place =
      array_.place + ": row " + std::to_string(row) + ", column " + std::to_string(column) + ": ";
  char number[32];
  std::snprintf(number, sizeof number, "%g", value);
  if (std::isfinite(value))
    throw InputError(place + number + " is too large for float32, in which embeddings are kept");
  throw InputError(place + "is " + number +
                   ", not a finite number: nothing can be measured from there (has the training diverged?)");
}

template <typename Load>
void FloatRows::add_each(std::span<const std::byte> bytes, const Load& load) {
  const std::size_t count = std::min(bytes.size() / type_.bytes, size_ - next_);
  if (values_.size() < next_ + count) values_.resize(next_ + count);
  for (std::size_t i = 0; i < count; ++i, ++next_) {
    const auto value = load(bytes.data() + i * type_.bytes);
    if (!(std::abs(double{value}) < kTooLargeForFloat)) refuse(place_of(next_), value);
    values_[is_turned_at_end_ ? next_ : place_of(next_)] = static_cast<float>(value);
  }
}

void FloatRows::add(std::span<const std::byte> bytes) {
  support::stop_point();
  const bool is_big = type_.is_big_endian;
  if (type_.bytes == 2)
    return add_each(bytes,
                    [=](const std::byte* at) { return from_half(load_bits<std::uint16_t>(at, is_big)); });
  if (type_.bytes == 4)
    return add_each(bytes, [=](const std::byte* at) {
      return std::bit_cast<float>(load_bits<std::uint32_t>(at, is_big));
    });
  add_each(bytes,
           [=](const std::byte* at) { return std::bit_cast<double>(load_bits<std::uint64_t>(at, is_big)); });
}

}  // namespace zoetrope::data
