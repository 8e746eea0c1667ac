// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// at::linear: x (..., K), weight (N, K), bias (N) or undefined -> (..., N). In float32 on the CPU through
// oneDNN; the gradients of weight and bias are then added to the leaves' own buffers where they have one.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace zoetrope::model
