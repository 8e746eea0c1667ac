// SPDX-License-Identifier: Apache-2.0
// Linear layers of float32 rows on the CPU (gemm.hpp), in the graph and outside it.
#pragma once

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

struct LinearWeight {
  at::Tensor plain;       // (N, K)
  at::Tensor transposed;  // (K, N), or undefined: what the products read, laid out once for many of them
};

// Whether x is of a kind that is computed here.
bool is_plain_float(const at::Tensor& x);

// at::linear: x (..., K), bias (N) or undefined -> (..., N). For is_plain_float() through gemm.hpp; the
// gradients of weight and bias are then added to the leaves' own buffers where they have one.
at::Tensor linear(const at::Tensor& x, const LinearWeight& weight, const at::Tensor& bias);

// The same outside the graph, of rows x (R, K), plus residual (R, N) where that is defined.
at::Tensor linear_of_rows(const at::Tensor& x, const LinearWeight& weight, const at::Tensor& bias,
                          const at::Tensor& residual = {});

// The gradient of its x for that of its result, (R, N) -> (R, K).
at::Tensor linear_input_gradient(const at::Tensor& grad, const at::Tensor& weight);

}  // namespace zoetrope::model
