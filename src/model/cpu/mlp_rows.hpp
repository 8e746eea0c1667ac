// SPDX-License-Identifier: Apache-2.0
// The second half of an encoder layer, x + MLP(LayerNorm(x)) with an exact GELU, of float32 rows x (R, H) on
// the CPU, outside the graph; M is the MLP's inner size.
#pragma once

#include <ATen/core/Tensor.h>

#include "layer_weights.hpp"

namespace zoetrope::model {

struct NormKept {
  at::Tensor x;
  at::Tensor normed;
  at::Tensor moments;  // [mean and rstd, R]
};

// LayerNorm of x's rows; `kept` may be null.
at::Tensor norm_rows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, float eps,
                     NormKept* kept);
// The gradient of x for that of the result, plus `residual`, which may be undefined.
at::Tensor norm_rows_backward(const NormKept& kept, const at::Tensor& weight, const at::Tensor& grad,
                              const at::Tensor& residual, const WeightGradient& of_weight,
                              const WeightGradient& of_bias);

struct MlpKept {
  NormKept norm;
  at::Tensor inner;  // (R, M), after GELU
  at::Tensor slope;  // (R, M), of GELU
};

// `kept` may be null.
at::Tensor mlp_rows(const at::Tensor& x, const MlpWeights& weights, float eps, MlpKept* kept);
// The gradient of x for that of the result.
at::Tensor mlp_rows_backward(const MlpKept& kept, const MlpWeights& weights, const at::Tensor& grad,
                             const MlpGradients& to);

}  // namespace zoetrope::model
