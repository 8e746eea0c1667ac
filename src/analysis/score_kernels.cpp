// SPDX-License-Identifier: Apache-2.0
#include "score_kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "score_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zoetrope::analysis::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

void flag_wanted(const float* products, const float* column_offsets, float row_threshold,
                 const float* column_thresholds, float row_offset, std::int64_t count, std::uint8_t* flags) {
  for (std::int64_t j = 0; j < count; ++j) {
    const bool for_row = products[j] + column_offsets[j] > row_threshold;
    const bool for_column = products[j] + row_offset > column_thresholds[j];
    flags[j] = static_cast<std::uint8_t>(for_row | for_column);
  }
}

std::int64_t keep_at_least(const float* products, const float* offsets, float limit, std::int64_t count,
                           float* scores, std::int32_t* places) {
  const hn::CappedTag<float, kMoreRoom> floats;
  const hn::RebindToSigned<decltype(floats)> integers;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(floats));
  const auto least = hn::Set(floats, limit);
  std::int64_t kept = 0;
  std::int64_t j = 0;
  for (; j + lanes <= count; j += lanes) {
    const auto score = hn::Add(hn::LoadU(floats, products + j), hn::LoadU(floats, offsets + j));
    const auto is_kept = hn::Ge(score, least);
    if (hn::AllFalse(floats, is_kept)) continue;
    const auto place = hn::Iota(integers, static_cast<std::int32_t>(j));
    hn::StoreU(hn::Compress(score, is_kept), floats, scores + kept);
    hn::StoreU(hn::Compress(place, hn::RebindMask(integers, is_kept)), integers, places + kept);
    kept += static_cast<std::int64_t>(hn::CountTrue(floats, is_kept));
  }
  for (; j < count; ++j) {
    scores[kept] = products[j] + offsets[j];
    places[kept] = static_cast<std::int32_t>(j);
    kept += scores[kept] >= limit ? 1 : 0;
  }
  return kept;
}

std::int64_t find_between(const float* scores, float high, float low, std::int64_t count,
                          std::int32_t* places) {
  const hn::CappedTag<float, kMoreRoom> floats;
  const hn::RebindToSigned<decltype(floats)> integers;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(floats));
  const auto most = hn::Set(floats, high), least = hn::Set(floats, low);
  std::int64_t found = 0;
  std::int64_t j = 0;
  for (; j + lanes <= count; j += lanes) {
    const auto score = hn::LoadU(floats, scores + j);
    const auto is_between = hn::And(hn::Ge(score, least), hn::Le(score, most));
    if (hn::AllFalse(floats, is_between)) continue;
    const auto place = hn::Iota(integers, static_cast<std::int32_t>(j));
    hn::StoreU(hn::Compress(place, hn::RebindMask(integers, is_between)), integers, places + found);
    found += static_cast<std::int64_t>(hn::CountTrue(floats, is_between));
  }
  for (; j < count; ++j) {
    places[found] = static_cast<std::int32_t>(j);
    found += scores[j] >= low && scores[j] <= high ? 1 : 0;
  }
  return found;
}

CountsAbove count_above(const float* scores, float high, float low, std::int64_t count) {
  std::int32_t above = 0, at_least = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    above += scores[j] > high ? 1 : 0;
    at_least += scores[j] >= low ? 1 : 0;
  }
  return {above, at_least};
}

void count_points_within(const double* xs, const double* ys, std::int64_t count, double x, double y,
                         const double* limits, std::int64_t num_limits, std::int64_t* below) {
  for (std::int64_t n = 0; n < num_limits; ++n) {
    const double limit = limits[n];
    std::int64_t found = 0;
    for (std::int64_t j = 0; j < count; ++j) {
      const double dx = xs[j] - x, dy = ys[j] - y;
      found += dx * dx + dy * dy < limit ? 1 : 0;
    }
    below[n] += found;
  }
}

}  // namespace
}  // namespace zoetrope::analysis::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zoetrope::analysis {

HWY_EXPORT(flag_wanted);
HWY_EXPORT(keep_at_least);
HWY_EXPORT(find_between);
HWY_EXPORT(count_above);
HWY_EXPORT(count_points_within);

void flag_wanted(const float* products, const float* column_offsets, float row_threshold,
                 const float* column_thresholds, float row_offset, std::int64_t count, std::uint8_t* flags) {
  HWY_DYNAMIC_DISPATCH(flag_wanted)
  (products, column_offsets, row_threshold, column_thresholds, row_offset, count, flags);
}

std::int64_t keep_at_least(const float* products, const float* offsets, float limit, std::int64_t count,
                           float* scores, std::int32_t* places) {
  return HWY_DYNAMIC_DISPATCH(keep_at_least)(products, offsets, limit, count, scores, places);
}

std::int64_t find_between(const float* scores, float high, float low, std::int64_t count,
                          std::int32_t* places) {
  return HWY_DYNAMIC_DISPATCH(find_between)(scores, high, low, count, places);
}

CountsAbove count_above(const float* scores, float high, float low, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(count_above)(scores, high, low, count);
}

void count_points_within(const double* xs, const double* ys, std::int64_t count, double x, double y,
                         const double* limits, std::int64_t num_limits, std::int64_t* below) {
  HWY_DYNAMIC_DISPATCH(count_points_within)(xs, ys, count, x, y, limits, num_limits, below);
}

}  // namespace zoetrope::analysis
#endif
