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

// As keep_at_least(); by column: with one offset, and a limit of each column.
template <bool kByColumn>
HWY_INLINE std::int64_t keep(const float* products, const float* offsets, const float* limits,
                             std::int64_t count, float* scores, std::int32_t* places) {
  const hn::CappedTag<float, kMoreRoom> floats;
  const hn::RebindToSigned<decltype(floats)> integers;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(floats));
  std::int64_t kept = 0;
  std::int64_t j = 0;
  for (; j + lanes <= count; j += lanes) {
    const auto offset = kByColumn ? hn::Set(floats, *offsets) : hn::LoadU(floats, offsets + j);
    const auto limit = kByColumn ? hn::LoadU(floats, limits + j) : hn::Set(floats, *limits);
    const auto score = hn::Add(hn::LoadU(floats, products + j), offset);
    const auto is_kept = hn::Ge(score, limit);
    if (hn::AllFalse(floats, is_kept)) continue;
    const auto place = hn::Iota(integers, static_cast<std::int32_t>(j));
    hn::StoreU(hn::Compress(score, is_kept), floats, scores + kept);
    hn::StoreU(hn::Compress(place, hn::RebindMask(integers, is_kept)), integers, places + kept);
    kept += static_cast<std::int64_t>(hn::CountTrue(floats, is_kept));
  }
  for (; j < count; ++j) {
    scores[kept] = products[j] + offsets[kByColumn ? 0 : j];
    places[kept] = static_cast<std::int32_t>(j);
    kept += scores[kept] >= limits[kByColumn ? j : 0] ? 1 : 0;
  }
  return kept;
}

std::int64_t keep_at_least(const float* products, const float* offsets, float limit, std::int64_t count,
                           float* scores, std::int32_t* places) {
  return keep<false>(products, offsets, &limit, count, scores, places);
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
  constexpr std::int64_t kColumns = 128;
  std::array<float, kColumns + kMoreRoom> scores;
  std::array<std::int32_t, kColumns + kMoreRoom> places;
  std::int64_t found = 0;
  for (std::int64_t first = 0; first < count; first += kColumns) {
    const std::int64_t some = count - first < kColumns ? count - first : kColumns;
    const std::int64_t kept =
        keep<true>(products + first, &offset, least + first, some, scores.data(), places.data());
    for (std::int64_t n = 0; n < kept; ++n) {
      Between self{};
      const std::int64_t place = first + places[n], at = place * stride;
      if (count_scores(&scores[n], 1, high + at, low + at, above + at, &self) > 0)
        between[found++] = {static_cast<std::int32_t>(place), self.limits};
    }
  }
  return found;
}

double larger(double a, double b) {
  return a > b ? a : b;
}

void reach_of_boxes(const BoxSides& boxes, std::int64_t count, double x, double y, double* least,
                    double* most) {
  for (std::int64_t j = 0; j < count; ++j) {
    const double from_left = boxes.left[j] - x, from_right = x - boxes.right[j];
    const double from_bottom = boxes.bottom[j] - y, from_top = y - boxes.top[j];
    const double dx = larger(larger(from_left, from_right), 0.0);
    const double dy = larger(larger(from_bottom, from_top), 0.0);
    const double far_x = larger(-from_right, -from_left), far_y = larger(-from_top, -from_bottom);
    least[j] = dx * dx + dy * dy;
    most[j] = far_x * far_x + far_y * far_y;
  }
}

const hn::CappedTag<double, 8> kDoubles;
constexpr std::int64_t kPointsAtOnce = 64;  // their distances stay in the nearest cache

// Of at most kPointsAtOnce points at `distances`, those that count_nearer_points() counts for one limit.
HWY_INLINE std::int64_t count_nearer(const double* distances, const double* numbers, std::int64_t count,
                                     double limit, double other) {
  const hn::RebindToSigned<decltype(kDoubles)> integers;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(kDoubles));
  const auto limits = hn::Set(kDoubles, limit), others = hn::Set(kDoubles, other);
  auto sums = hn::Zero(integers);
  std::int64_t j = 0;
  for (; j + lanes <= count; j += lanes) {
    const auto distance = hn::LoadU(kDoubles, distances + j);
    const auto is_first = hn::Lt(hn::LoadU(kDoubles, numbers + j), others);
    const auto is_nearer = hn::Or(hn::Lt(distance, limits), hn::And(hn::Eq(distance, limits), is_first));
    sums = hn::Sub(sums, hn::VecFromMask(integers, hn::RebindMask(integers, is_nearer)));
  }
  std::int64_t sum = hn::GetLane(hn::SumOfLanes(integers, sums));
  for (; j < count; ++j) sum += distances[j] < limit || (distances[j] == limit && numbers[j] < other) ? 1 : 0;
  return sum;
}

void count_nearer_points(const NumberedPoints& points, std::int64_t count, double x, double y,
                         const double* limits, const double* others, std::int64_t num_limits,
                         std::int64_t* nearer) {
  std::array<double, kPointsAtOnce> distances;
  for (std::int64_t first = 0; first < count; first += kPointsAtOnce) {
    const std::int64_t some = count - first < kPointsAtOnce ? count - first : kPointsAtOnce;
    for (std::int64_t j = 0; j < some; ++j) {
      const double dx = points.x[first + j] - x, dy = points.y[first + j] - y;
      distances[j] = dx * dx + dy * dy;
    }
    for (std::int64_t n = 0; n < num_limits; ++n)
      nearer[n] += count_nearer(distances.data(), points.number + first, some, limits[n], others[n]);
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
HWY_EXPORT(reach_of_boxes);
HWY_EXPORT(count_nearer_points);

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

void reach_of_boxes(const BoxSides& boxes, std::int64_t count, double x, double y, double* least,
                    double* most) {
  HWY_DYNAMIC_DISPATCH(reach_of_boxes)(boxes, count, x, y, least, most);
}

void count_nearer_points(const NumberedPoints& points, std::int64_t count, double x, double y,
                         const double* limits, const double* others, std::int64_t num_limits,
                         std::int64_t* nearer) {
  HWY_DYNAMIC_DISPATCH(count_nearer_points)(points, count, x, y, limits, others, num_limits, nearer);
}

}  // namespace zoetrope::analysis
#endif
