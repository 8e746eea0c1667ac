// SPDX-License-Identifier: Apache-2.0
// What RowKernels compute, as nodes of the graph: differentiable where grad mode is on.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>

#include "kernels.hpp"

namespace zoetrope::model {

using KernelsPointer = c10::intrusive_ptr<RowKernels>;

// The weight and bias of a LayerNorm.
struct NormParameters {
  at::Tensor weight, shift;
  double eps = 0;
};

struct NormedSum {
  at::Tensor sum;     // float32 (..., H): residual + branch + bias
  at::Tensor normed;  // bfloat16 (..., H): LayerNorm of it
};

// residual float32 (..., H), branch bfloat16 (..., H), bias [H]; without a branch, undefined as its bias, the
// sum is `residual` itself. Gradients of leaves that have a buffer are added there.
NormedSum add_norm(const KernelsPointer& kernels, const at::Tensor& residual, const at::Tensor& branch,
                   const at::Tensor& bias, const NormParameters& norm);

// gelu(x + bias), x bfloat16 (..., I).
at::Tensor bias_gelu(const KernelsPointer& kernels, const at::Tensor& x, const at::Tensor& bias);

}  // namespace zoetrope::model
