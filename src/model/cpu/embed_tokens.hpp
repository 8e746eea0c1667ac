// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// The tokens before the first layer, of float32 on the CPU, as one node of the graph: patches (B, P, K)
// through the projection, weight (H, K) or (H, C, S, S) and bias (H), behind the `prefix` tokens (1, 1, H)
// each, plus the position embeddings (1, T, H) -> (B, T, H). Nothing is differentiated for the patches.
at::Tensor embed_tokens(const at::Tensor& patches, const at::Tensor& weight, const at::Tensor& bias,
                        const std::vector<at::Tensor>& prefix, const at::Tensor& positions);

}  // namespace zoetrope::model
