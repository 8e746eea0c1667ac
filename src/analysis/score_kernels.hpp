// SPDX-License-Identifier: Apache-2.0
// Loops over rows of products a_i.a_j, where a product plus an offset is the score of the pair.
#pragma once

#include <cstdint>

namespace zoetrope::analysis {

// One row of a tile: flags[j] = 1 where row or column j wants the product.
void flag_wanted(const float* products, const float* column_offsets, float row_threshold,
                 const float* column_thresholds, float row_offset, std::int64_t count, std::uint8_t* flags);

// The scores products[j] + offsets[j] that are at least `limit`, and their j, in order; returns how many
// there are. There must be room for kMoreRoom more than `count`.
constexpr std::int64_t kMoreRoom = 16;  // a vector of them
std::int64_t keep_at_least(const float* products, const float* offsets, float limit, std::int64_t count,
                           float* scores, std::int32_t* places);

// Counts of how many scores are above each of so many limits.
constexpr std::int64_t kLimits = 16;
// A score that is not above `high[n]` but at least `low[n]`, which is no higher: bit n of `limits`.
struct Between {
  std::int32_t place;
  std::uint32_t limits;
};
// Adds to above[n] how many scores are above high[n], n < kLimits. Returns how many of them are between some
// limits, and in `between`, which has room for `count`, which.
std::int64_t count_above(const float* scores, std::int64_t count, const float* high, const float* low,
                         std::int32_t* above, Between* between);
// The same of one score for each of `count` columns, products[j] + offset, and the limits of that column:
// those of the next, and its counts, are `stride` further on. Below least[j] a score is below all of them.
std::int64_t count_above_in_columns(const float* products, float offset, const float* least,
                                    std::int64_t count, const float* high, const float* low,
                                    std::int64_t stride, std::int32_t* above, Between* between);

// The squared distances from (x, y) within which the points of each of `count` boxes are: to the nearest and
// to the farthest place of the box. Rounded as squared distances of points are, so that none lies outside.
struct BoxSides {
  const double *left, *right, *bottom, *top;
};
void reach_of_boxes(const BoxSides& boxes, std::int64_t count, double x, double y, double* least,
                    double* most);

struct NumberedPoints {
  const double *x, *y;
  const double* number;  // whole
};
// Adds to nearer[n] how many of `count` points are nearer to (x, y) than the squared distance limits[n], or
// exactly so far and of a smaller number than others[n].
void count_nearer_points(const NumberedPoints& points, std::int64_t count, double x, double y,
                         const double* limits, const double* others, std::int64_t num_limits,
                         std::int64_t* nearer);

}  // namespace zoetrope::analysis
