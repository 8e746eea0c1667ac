// SPDX-License-Identifier: Apache-2.0
// Loops over rows of products a_i.a_j, where a product plus an offset is the score of the pair.
#pragma once

#include <cstdint>

namespace zoetrope::analysis {

// One row of a tile: flags[j] = 1 where row or column j wants the product.
void flag_wanted(const float* products, const float* column_offsets, float row_threshold,
                 const float* column_thresholds, float row_offset, std::int64_t count, std::uint8_t* flags);

// How many of products[j] + offsets[j] are above `score`.
std::int64_t count_above(const float* products, const float* offsets, float score, std::int64_t count);

}  // namespace zoetrope::analysis
