// SPDX-License-Identifier: Apache-2.0
// Multi-head attention as whole layers use it. Shapes: B images, T tokens, H hidden.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// self_attention() for rows, outside the graph, where has_short_attention(): qkv (B T, 3H) -> (B
// T, H). `probabilities`, where not null, becomes what the gradient needs.
bool has_short_attention(std::int64_t tokens, std::int64_t head_size);
at::Tensor attention_of_rows(const at::Tensor& qkv, std::int64_t batch, std::int64_t heads,
                             at::Tensor* probabilities);
// The gradient of qkv for that of the result.
at::Tensor attention_of_rows_backward(const at::Tensor& qkv, std::int64_t batch, std::int64_t heads,
                                      const at::Tensor& probabilities, const at::Tensor& grad_context);

}  // namespace zoetrope::model
