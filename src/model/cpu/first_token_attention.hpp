// SPDX-License-Identifier: Apache-2.0
// Attention of one token's query to all tokens of its image, whose keys and values are the tokens' rows
// themselves: float32 on the CPU, outside the graph. Shapes: B images, T tokens, N heads, H hidden.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// queries (B, N, H), rows (B T, H) -> softmax(queries rows^T) rows, (B, N, H). `probabilities`, where not
// null, becomes what the gradient needs.
at::Tensor attend_to_rows(const at::Tensor& queries, const at::Tensor& rows, at::Tensor* probabilities);

struct RowAttentionGradient {
  at::Tensor queries;  // (B, N, H)
  at::Tensor rows;     // (B T, H)
};
RowAttentionGradient attend_to_rows_backward(const at::Tensor& queries, const at::Tensor& rows,
                                             const at::Tensor& probabilities, const at::Tensor& grad);

}  // namespace zoetrope::model
