// SPDX-License-Identifier: Apache-2.0
// Linear layers of float32 rows by gemm.hpp: as nodes of the graph, and outside it, as whole layers use them.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine.hpp"

namespace zoetrope::model {

// linear(), on any processor.
at::Tensor linear_by_gemm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// at::linear of rows x (R, K) and weight (N, K), plus residual (R, N) where that is defined.
at::Tensor linear_of_rows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          const at::Tensor& residual = {});

// The gradient of its x for that of its result, (R, N) -> (R, K).
at::Tensor linear_input_gradient(const at::Tensor& grad, const at::Tensor& weight);

}  // namespace zoetrope::model
