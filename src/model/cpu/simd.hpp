// SPDX-License-Identifier: Apache-2.0
// Eight floats at a time, for the kernels of this room. Include it in .cpp files only.
#pragma once

#include <cstdint>
#include <cstring>

#include "zoetrope/compute/each_cpu.hpp"

#define ZOETROPE_INLINE inline __attribute__((always_inline))

namespace zoetrope::model {

constexpr std::int64_t kLanes = 8;
using Lanes = float __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
using IntLanes = std::int32_t __attribute__((vector_size(4 * kLanes)));

ZOETROPE_INLINE Lanes load(const float* from) {
  return *reinterpret_cast<const Lanes*>(from);
}

ZOETROPE_INLINE void store(float* to, Lanes lanes) {
  *reinterpret_cast<Lanes*>(to) = lanes;
}

ZOETROPE_INLINE constexpr std::int64_t padded(std::int64_t count) {
  return (count + kLanes - 1) / kLanes * kLanes;
}

// In pairs, which need not wait for one another.
ZOETROPE_INLINE float sum_of(Lanes x) {
  return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

ZOETROPE_INLINE float max_of(Lanes x) {
  const auto larger = [](float a, float b) __attribute__((always_inline)) {
    return a > b ? a : b;
  };
  return larger(larger(larger(x[0], x[4]), larger(x[2], x[6])),
                larger(larger(x[1], x[5]), larger(x[3], x[7])));
}

// rows[i][j] = rows[j][i].
ZOETROPE_INLINE void transpose_square(Lanes (&rows)[kLanes]) {
  Lanes pairs[kLanes], fours[kLanes];
  for (int i = 0; i < kLanes; i += 2) {
    pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < kLanes; i += 4) {
    fours[i] = __builtin_shufflevector(pairs[i], pairs[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    fours[i + 1] = __builtin_shufflevector(pairs[i], pairs[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    fours[i + 2] = __builtin_shufflevector(pairs[i + 1], pairs[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    fours[i + 3] = __builtin_shufflevector(pairs[i + 1], pairs[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i = 0; i < kLanes / 2; ++i) {
    rows[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    rows[i + 4] = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

// highest x^n + ... + c1 x + c0, of the coefficients from the highest to the lowest.
template <typename... Rest>
ZOETROPE_INLINE Lanes polynomial(Lanes x, float highest, Rest... rest) {
  Lanes sum = Lanes{} + highest;
  ((sum = sum * x + rest), ...);
  return sum;
}

// e^x for x <= 0, to 2 units in the last place: Cephes' expf. Below -87 it stays at e^-87.
ZOETROPE_INLINE Lanes exp_of(Lanes x) {
  const Lanes least = Lanes{} - 87.0f;
  x = x < least ? least : x;                     // NaN stays
  const Lanes rounding = Lanes{} + 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest whole number
  const Lanes shifted = x * 1.44269504088896341f + rounding;
  const Lanes n = shifted - rounding;
  const Lanes r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Lanes p = polynomial(r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
                       1.6666665459e-1f, 5.0000001201e-1f);
  p = p * r * r + r + 1.0f;
  const IntLanes power = __builtin_convertvector(n, IntLanes) << 23;
  IntLanes bits;
  std::memcpy(&bits, &p, sizeof(bits));
  bits += power;
  std::memcpy(&p, &bits, sizeof(p));
  return p;
}

}  // namespace zoetrope::model
