// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// sum += a b, of bfloat16 matrices, float32 [M, N]. The first product on a device finds out how that can be
// done, and waits for it.
void add_product(const at::Tensor& sum, const at::Tensor& a, const at::Tensor& b);

}  // namespace zoetrope::model
