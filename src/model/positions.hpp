// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// Position embeddings [1, prefix + G*G, H], made for a square grid of patches, for one of `rows` x `columns`:
// the patches' are resampled (bicubic, corners not aligned, as transformers' interpolate_pos_encoding), the
// first `prefix` stay. Differentiable. Returns `positions` itself where the grid is the same.
at::Tensor interpolate_positions(const at::Tensor& positions, std::int64_t prefix, std::int64_t rows,
                                 std::int64_t columns);

}  // namespace zoetrope::model
