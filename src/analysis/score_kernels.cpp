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

CountsAbove count_above(const float* products, const float* offsets, float high, float low,
                        std::int64_t count) {
  std::int32_t above = 0, at_least = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    const float score = products[j] + offsets[j];
    above += score > high ? 1 : 0;
    at_least += score >= low ? 1 : 0;
  }
  return {above, at_least};
}

// Counts of a few columns stay in registers while the rows go by.
constexpr std::int64_t kColumns = 16;

void count_some_columns(const float* products, std::int64_t stride, const float* offsets, std::int64_t rows,
                        const float* high, const float* low, std::int32_t* above, std::int32_t* at_least) {
  std::int32_t a[kColumns] = {}, l[kColumns] = {};
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* row = products + r * stride;
    const float offset = offsets[r];
    for (std::int64_t c = 0; c < kColumns; ++c) {
      const float score = row[c] + offset;
      a[c] += score > high[c] ? 1 : 0;
      l[c] += score >= low[c] ? 1 : 0;
    }
  }
  for (std::int64_t c = 0; c < kColumns; ++c) {
    above[c] = a[c];
    at_least[c] = l[c];
  }
}

void count_in_columns(const float* products, std::int64_t stride, const float* offsets, std::int64_t rows,
                      std::int64_t width, const float* high, const float* low, std::int32_t* above,
                      std::int32_t* at_least) {
  std::int64_t c = 0;
  for (; c + kColumns <= width; c += kColumns)
    count_some_columns(products + c, stride, offsets, rows, high + c, low + c, above + c, at_least + c);
  for (; c < width; ++c) {
    above[c] = at_least[c] = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
      const float score = products[r * stride + c] + offsets[r];
      above[c] += score > high[c] ? 1 : 0;
      at_least[c] += score >= low[c] ? 1 : 0;
    }
  }
}

bool is_between(float score, float high, float low) {
  return (score >= low) & (score <= high);
}

void flag_between(const float* products, const float* offsets, float high, float low, std::int64_t count,
                  std::uint8_t* flags) {
  std::int64_t j = 0;
  for (; j + kScoresPerFlag <= count; j += kScoresPerFlag) {
    std::int32_t any = 0;
    for (std::int64_t c = j; c < j + kScoresPerFlag; ++c)
      any |= is_between(products[c] + offsets[c], high, low) ? 1 : 0;
    *flags++ = static_cast<std::uint8_t>(any);
  }
  if (j == count) return;
  *flags = 0;
  for (; j < count; ++j) *flags |= is_between(products[j] + offsets[j], high, low) ? 1 : 0;
}

void flag_rows_between(const float* products, std::int64_t stride, const float* offsets, std::int64_t rows,
                       std::int64_t width, const float* high, const float* low, std::uint8_t* flags) {
  std::int32_t above[kColumns], at_least[kColumns];
  width = width < kColumns ? width : kColumns;
  for (std::int64_t r = 0; r < rows; r += kRowsPerFlag) {
    const std::int64_t some = rows - r < kRowsPerFlag ? rows - r : kRowsPerFlag;
    count_in_columns(products + r * stride, stride, offsets + r, some, width, high, low, above, at_least);
    std::int32_t between = 0;
    for (std::int64_t c = 0; c < width; ++c) between += at_least[c] - above[c];
    *flags++ = between > 0 ? 1 : 0;
  }
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
HWY_EXPORT(count_above);
HWY_EXPORT(count_in_columns);
HWY_EXPORT(count_points_within);
HWY_EXPORT(flag_between);
HWY_EXPORT(flag_rows_between);

void flag_wanted(const float* products, const float* column_offsets, float row_threshold,
                 const float* column_thresholds, float row_offset, std::int64_t count, std::uint8_t* flags) {
  HWY_DYNAMIC_DISPATCH(flag_wanted)
  (products, column_offsets, row_threshold, column_thresholds, row_offset, count, flags);
}

CountsAbove count_above(const float* products, const float* offsets, float high, float low,
                        std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(count_above)(products, offsets, high, low, count);
}

void count_in_columns(const float* products, std::int64_t stride, const float* offsets, std::int64_t rows,
                      std::int64_t width, const float* high, const float* low, std::int32_t* above,
                      std::int32_t* at_least) {
  HWY_DYNAMIC_DISPATCH(count_in_columns)
  (products, stride, offsets, rows, width, high, low, above, at_least);
}

void count_points_within(const double* xs, const double* ys, std::int64_t count, double x, double y,
                         const double* limits, std::int64_t num_limits, std::int64_t* below) {
  HWY_DYNAMIC_DISPATCH(count_points_within)(xs, ys, count, x, y, limits, num_limits, below);
}

void flag_between(const float* products, const float* offsets, float high, float low, std::int64_t count,
                  std::uint8_t* flags) {
  HWY_DYNAMIC_DISPATCH(flag_between)(products, offsets, high, low, count, flags);
}

void flag_rows_between(const float* products, std::int64_t stride, const float* offsets, std::int64_t rows,
                       std::int64_t width, const float* high, const float* low, std::uint8_t* flags) {
  HWY_DYNAMIC_DISPATCH(flag_rows_between)(products, stride, offsets, rows, width, high, low, flags);
}

}  // namespace zoetrope::analysis
#endif
