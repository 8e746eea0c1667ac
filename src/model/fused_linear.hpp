// SPDX-License-Identifier: Apache-2.0
// Linear layers of float32 rows on the CPU, outside the graph, through oneDNN where libtorch has it: the bias and the
// residual are added while the product's tiles are in registers, and its kernels are faster than MKL's on AMD.
#pragma once

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// x (R, K), weight (N, K), bias (N) or undefined -> (R, N).
at::Tensor fused_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// The same plus residual (R, N).
at::Tensor fused_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& residual);

}  // namespace zoetrope::model
