// SPDX-License-Identifier: Apache-2.0
#include "score_kernels.hpp"

#include <array>
#include <bit>

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

const hn::CappedTag<float, kLimits> kFloats;
const hn::RebindToSigned<decltype(kFloats)> kIntegers;
constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(decltype(kFloats)()));
constexpr std::int64_t kVectors = kLimits / kLanes;

std::uint32_t bits_of(hn::Mask<decltype(kFloats)> mask) {
  std::array<std::uint8_t, 8> bytes{};
  hn::StoreMaskBits(kFloats, mask, bytes.data());
  return static_cast<std::uint32_t>(bytes[0] | bytes[1] << 8);
}

// As count_above(), which calls it.
HWY_INLINE std::int64_t count_scores(const float* scores, std::int64_t count, const float* high,
                                     const float* low, std::int32_t* above, Between* between) {
  hn::Vec<decltype(kFloats)> highs[kVectors], lows[kVectors];
  hn::Vec<decltype(kIntegers)> sums[kVectors];
  for (std::int64_t v = 0; v < kVectors; ++v) {
    highs[v] = hn::LoadU(kFloats, high + v * kLanes);
    lows[v] = hn::LoadU(kFloats, low + v * kLanes);
    sums[v] = hn::LoadU(kIntegers, above + v * kLanes);
  }
  std::int64_t found = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    const auto score = hn::Set(kFloats, scores[j]);
    std::uint32_t limits = 0;
    for (std::int64_t v = 0; v < kVectors; ++v) {
      const auto is_above = hn::Gt(score, highs[v]);
      const auto is_between = hn::AndNot(is_above, hn::Ge(score, lows[v]));
      sums[v] = hn::Sub(sums[v], hn::VecFromMask(kIntegers, hn::RebindMask(kIntegers, is_above)));
      if (!hn::AllFalse(kFloats, is_between)) limits |= bits_of(is_between) << (v * kLanes);
    }
    if (limits != 0) between[found++] = {static_cast<std::int32_t>(j), limits};
  }
  for (std::int64_t v = 0; v < kVectors; ++v) hn::StoreU(sums[v], kIntegers, above + v * kLanes);
  return found;
}

std::int64_t count_above(const float* scores, std::int64_t count, const float* high, const float* low,
                         std::int32_t* above, Between* between) {
  return count_scores(scores, count, high, low, above, between);
}

std::int64_t count_above_in_columns(const float* products, float offset, const float* least,
                                    std::int64_t count, const float* high, const float* low,
                                    std::int64_t stride, std::int32_t* above, Between* between) {
  std::int64_t found = 0;
  const auto look = [&](std::int64_t j) {
    const float score = products[j] + offset;
    Between self{};
    const std::int64_t at = j * stride;
    if (count_scores(&score, 1, high + at, low + at, above + at, &self) > 0)
      between[found++] = {static_cast<std::int32_t>(j), self.limits};
  };
  const auto shift = hn::Set(kFloats, offset);
  std::int64_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    const auto is_kept =
        hn::Ge(hn::Add(hn::LoadU(kFloats, products + j), shift), hn::LoadU(kFloats, least + j));
    if (hn::AllFalse(kFloats, is_kept)) continue;
    for (std::uint32_t bits = bits_of(is_kept); bits != 0; bits &= bits - 1) look(j + std::countr_zero(bits));
  }
  for (; j < count; ++j)
    if (products[j] + offset >= least[j]) look(j);
  return found;
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
HWY_EXPORT(count_above);
HWY_EXPORT(count_above_in_columns);
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

std::int64_t count_above(const float* scores, std::int64_t count, const float* high, const float* low,
                         std::int32_t* above, Between* between) {
  return HWY_DYNAMIC_DISPATCH(count_above)(scores, count, high, low, above, between);
}

std::int64_t count_above_in_columns(const float* products, float offset, const float* least,
                                    std::int64_t count, const float* high, const float* low,
                                    std::int64_t stride, std::int32_t* above, Between* between) {
  return HWY_DYNAMIC_DISPATCH(count_above_in_columns)(products, offset, least, count, high, low, stride,
                                                      above, between);
}

void count_points_within(const double* xs, const double* ys, std::int64_t count, double x, double y,
                         const double* limits, std::int64_t num_limits, std::int64_t* below) {
  HWY_DYNAMIC_DISPATCH(count_points_within)(xs, ys, count, x, y, limits, num_limits, below);
}

}  // namespace zoetrope::analysis
#endif
