// SPDX-License-Identifier: Apache-2.0
#include "linear.hpp"

#include <ATen/ATen.h>

#include "gemm.hpp"
#include "tensor_rows.hpp"

namespace zoetrope::model {

bool is_plain_float(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat;
}

at::Tensor linear_of_rows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          const at::Tensor& residual) {
  const ProductSize size{x.size(0), weight.size(0), x.size(1)};
  const at::Tensor result = at::empty({size.rows, size.columns}, x.options());
  const MatrixView<float> to{out(result), size.columns};
  const Before before = bias.defined() || residual.defined() ? Before::kAddedTo : Before::kOverwritten;
  if (before == Before::kAddedTo) add_rows({size.rows, size.columns}, in(residual), in(bias), to.data);
  multiply_by_transposed(size, {in(x), size.depth}, {in(weight), size.depth}, to, before);
  return result;
}

at::Tensor linear_input_gradient(const at::Tensor& grad, const at::Tensor& weight) {
  const ProductSize size{grad.size(0), weight.size(1), weight.size(0)};
  const at::Tensor result = at::empty({size.rows, size.columns}, grad.options());
  multiply(size, {in(grad), size.depth}, {in(weight), size.columns}, {out(result), size.columns});
  return result;
}

}  // namespace zoetrope::model
