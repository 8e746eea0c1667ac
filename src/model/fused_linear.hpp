// SPDX-License-Identifier: Apache-2.0
// Linear layers of float32 rows on the CPU, outside the graph (see linear.hpp for one inside), through oneDNN
// where libtorch has it: the bias and the residual are added while the product's tiles are in registers, and
// its kernels are faster than MKL's on AMD.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace zoetrope::model {

// Whether x is of a kind that fused_linear takes.
bool can_fuse_linear(const at::Tensor& x);

// x (..., K), weight (N, K), bias (N) or undefined -> (..., N).
at::Tensor fused_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// The same plus residual (..., N).
at::Tensor fused_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& residual);

// The gradient of x for that of the result, (..., N) -> (..., K).
at::Tensor linear_input_gradient(const at::Tensor& grad, const at::Tensor& weight);

// The weight (N, K) laid out once as the products of `rows` rows read it, for fused_linear alone; undefined
// where libtorch cannot. The products are the same bit for bit, without laying it out each time.
at::Tensor pack_for_linear(const at::Tensor& weight, std::int64_t rows);

}  // namespace zoetrope::model
