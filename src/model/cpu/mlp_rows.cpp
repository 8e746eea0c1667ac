// SPDX-License-Identifier: Apache-2.0
#include "mlp_rows.hpp"

#include <ATen/ATen.h>

#include "linear.hpp"
#include "tensor_rows.hpp"

namespace zoetrope::model {

namespace {

RowMoments moments_of(const at::Tensor& moments) {
  return {out(moments), out(moments) + moments.size(1)};
}

}  // namespace

at::Tensor norm_rows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, float eps,
                     NormKept* kept) {
  const at::Tensor normed = at::empty_like(x);
  RowMoments moments{};
  if (kept != nullptr) {
    *kept = {x, normed, at::empty({2, x.size(0)}, x.options())};
    moments = moments_of(kept->moments);
  }
  normalize_rows(extent_of(x), in(x), in(weight), in(bias), eps, out(normed), moments);
  return normed;
}

at::Tensor norm_rows_backward(const NormKept& kept, const at::Tensor& weight, const at::Tensor& grad,
                              const at::Tensor& residual, const WeightGradient& of_weight,
                              const WeightGradient& of_bias) {
  const at::Tensor grad_x = at::empty_like(grad);
  normalize_rows_backward(extent_of(grad), in(grad), in(kept.x), in(weight), moments_of(kept.moments),
                          in(residual), out(grad_x), of_weight.data(), of_bias.data());
  return grad_x;
}

at::Tensor mlp_rows(const at::Tensor& x, const MlpWeights& w, float eps, MlpKept* kept) {
  const at::Tensor normed =
      norm_rows(x, w.norm_weight, w.norm_bias, eps, kept == nullptr ? nullptr : &kept->norm);
  const at::Tensor inner = linear_of_rows(normed, w.in_weight, {});
  const at::Tensor slope = kept == nullptr ? at::Tensor() : at::empty_like(inner);
  add_bias_gelu(extent_of(inner), out(inner), in(w.in_bias), kept == nullptr ? nullptr : out(slope));
  if (kept != nullptr) {
    kept->inner = inner;
    kept->slope = slope;
  }
  return linear_of_rows(inner, w.out_weight, w.out_bias, x);
}

at::Tensor mlp_rows_backward(const MlpKept& kept, const MlpWeights& w, const at::Tensor& grad,
                             const MlpGradients& to) {
  add_column_sums(extent_of(grad), in(grad), to.out_bias.data());
  to.out_weight.add_product(grad, kept.inner);
  const at::Tensor grad_inner = linear_input_gradient(grad, w.out_weight);
  scale_by_slope(extent_of(grad_inner), out(grad_inner), in(kept.slope), to.in_bias.data());
  to.in_weight.add_product(grad_inner, kept.norm.normed);
  const at::Tensor grad_normed = linear_input_gradient(grad_inner, w.in_weight);
  return norm_rows_backward(kept.norm, w.norm_weight, grad_normed, grad, to.norm_weight, to.norm_bias);
}

}  // namespace zoetrope::model
