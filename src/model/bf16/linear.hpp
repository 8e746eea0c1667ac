// SPDX-License-Identifier: Apache-2.0
// Linear layers whose products take bfloat16. Differentiable where grad mode is on. Shapes: R rows, K inputs,
// N outputs.
#pragma once

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// A parameter and its values rounded to bfloat16; both undefined where a layer has none.
struct Rounded {
  at::Tensor parameter;  // gradients go there, in float32
  at::Tensor values;     // products take these
};

// x (..., K) -> bfloat16 (..., N). The gradient of a leaf that has a buffer is added there by the product
// itself.
at::Tensor linear_bf16(const at::Tensor& x, const Rounded& weight, const Rounded& bias);

}  // namespace zoetrope::model
