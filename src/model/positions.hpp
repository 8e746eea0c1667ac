// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"

namespace zoetrope::model {

// Position embeddings [1, prefix + G*G, H] (CLIP's without the first extent) of a `config`, made for a square
// grid of patches, for one of `rows` x `columns`: the patches' are resampled (bicubic, corners not aligned,
// with antialiasing in DINOv2 with registers, as transformers' interpolate_pos_encoding), those before them
// stay. Differentiable. Returns `stored` itself where the grid is the same.
at::Tensor interpolate_positions(const VitConfig& config, const at::Tensor& stored, std::int64_t rows,
                                 std::int64_t columns);

}  // namespace zoetrope::model
