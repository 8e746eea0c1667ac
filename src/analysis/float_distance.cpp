// SPDX-License-Identifier: Apache-2.0
// Debian compiles FAISS for the least of x86-64; its own distance takes three times as long.
#include "float_distance.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "float_distance.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::analysis::HWY_NAMESPACE {
namespace {

// Independent partial sums: enough for two AVX-512 registers of floats, so that additions overlap.
constexpr std::int64_t kFloatLanes = 32;

float float_distance(const float* x, const float* y, std::int64_t size) {
  float lanes[kFloatLanes] = {};
  const std::int64_t whole = size - size % kFloatLanes;
  for (std::int64_t i = 0; i < whole; i += kFloatLanes) {
    for (std::int64_t l = 0; l < kFloatLanes; ++l) {
      const float difference = x[i + l] - y[i + l];
      lanes[l] += difference * difference;
    }
  }
  for (std::int64_t i = whole; i < size; ++i) {
    const float difference = x[i] - y[i];
    lanes[i - whole] += difference * difference;
  }
  float total = 0;
  for (const float lane : lanes) total += lane;
  return total;
}

}  // namespace
}  // namespace zoetrope::analysis::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::analysis {

HWY_EXPORT(float_distance);

float float_distance(const float* x, const float* y, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(float_distance)(x, y, size);
}

}  // namespace zoetrope::analysis
#endif
