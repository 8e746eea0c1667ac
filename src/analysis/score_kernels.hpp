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

// The j of scores[j] between both limits, in order; returns how many there are. Room as above.
std::int64_t find_between(const float* scores, float high, float low, std::int64_t count,
                          std::int32_t* places);

// How many scores are above `high`, and how many are at least `low`, which is no higher.
struct CountsAbove {
  std::int32_t above = 0, at_least = 0;
};
CountsAbove count_above(const float* scores, float high, float low, std::int64_t count);

// How many of squared distances from (x, y) to the points xs[j], ys[j] are below each of `limits`, added to
// `below`.
void count_points_within(const double* xs, const double* ys, std::int64_t count, double x, double y,
                         const double* limits, std::int64_t num_limits, std::int64_t* below);

}  // namespace zoetrope::analysis
