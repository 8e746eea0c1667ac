// SPDX-License-Identifier: Apache-2.0
// Loops over rows of products a_i.a_j, where a product plus an offset is the score of the pair.
#pragma once

#include <cstdint>

namespace zoetrope::analysis {

// One row of a tile: flags[j] = 1 where row or column j wants the product.
void flag_wanted(const float* products, const float* column_offsets, float row_threshold,
                 const float* column_thresholds, float row_offset, std::int64_t count, std::uint8_t* flags);

// How many of products[j] + offsets[j] are above `high`, and how many are at least `low`, which is no higher.
struct CountsAbove {
  std::int32_t above = 0, at_least = 0;
};
CountsAbove count_above(const float* products, const float* offsets, float high, float low,
                        std::int64_t count);

// The same for each of `width` columns of a matrix with rows `stride` apart, whose row r has the offset
// offsets[r] and whose column c the limits high[c] and low[c].
void count_in_columns(const float* products, std::int64_t stride, const float* offsets, std::int64_t rows,
                      std::int64_t width, const float* high, const float* low, std::int32_t* above,
                      std::int32_t* at_least);

// flags[f] = 1 where one of the scores products[j] + offsets[j], j in [16 f, 16 f + 16), is between both
// limits.
constexpr std::int64_t kScoresPerFlag = 16;
void flag_between(const float* products, const float* offsets, float high, float low, std::int64_t count,
                  std::uint8_t* flags);

// flags[f] = 1 where one of `width` columns, at most 16, of the rows [8 f, 8 f + 8) is, as in
// count_in_columns.
constexpr std::int64_t kRowsPerFlag = 8;
void flag_rows_between(const float* products, std::int64_t stride, const float* offsets, std::int64_t rows,
                       std::int64_t width, const float* high, const float* low, std::uint8_t* flags);

// How many of squared distances from (x, y) to the points xs[j], ys[j] are below each of `limits`, added to
// `below`.
void count_points_within(const double* xs, const double* ys, std::int64_t count, double x, double y,
                         const double* limits, std::int64_t num_limits, std::int64_t* below);

}  // namespace zoetrope::analysis
