// SPDX-License-Identifier: Apache-2.0
#include "score_kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "score_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::analysis::HWY_NAMESPACE {
namespace {

void flag_wanted(const float* products, const float* column_offsets, float row_threshold,
                 const float* column_thresholds, float row_offset, std::int64_t count, std::uint8_t* flags) {
  for (std::int64_t j = 0; j < count; ++j) {
    const bool for_row = products[j] + column_offsets[j] > row_threshold;
    const bool for_column = products[j] + row_offset > column_thresholds[j];
    flags[j] = static_cast<std::uint8_t>(for_row | for_column);
  }
}

std::int64_t count_above(const float* products, const float* offsets, float score, std::int64_t count) {
  std::int32_t above = 0;
  for (std::int64_t j = 0; j < count; ++j) above += products[j] + offsets[j] > score ? 1 : 0;
  return above;
}

}  // namespace
}  // namespace zoetrope::analysis::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::analysis {

HWY_EXPORT(flag_wanted);
HWY_EXPORT(count_above);

void flag_wanted(const float* products, const float* column_offsets, float row_threshold,
                 const float* column_thresholds, float row_offset, std::int64_t count, std::uint8_t* flags) {
  HWY_DYNAMIC_DISPATCH(flag_wanted)
  (products, column_offsets, row_threshold, column_thresholds, row_offset, count, flags);
}

std::int64_t count_above(const float* products, const float* offsets, float score, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(count_above)(products, offsets, score, count);
}

}  // namespace zoetrope::analysis
#endif
