// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace zoetrope::analysis {

// a b^T of float32 rows [M, D] and [N, D] on the CPU, contiguous: [M, N], to the usual error bound of float32
// sums in any order. On this thread alone inside compute::for_each_task.
at::Tensor float_products(const at::Tensor& a, const at::Tensor& b);

}  // namespace zoetrope::analysis
