// SPDX-License-Identifier: Apache-2.0
#include "linear.hpp"

#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "gemm.hpp"
#include "tensor_rows.hpp"
#include "weight_gradient.hpp"

namespace zoetrope::model {

namespace {

class LinearNode : public torch::autograd::Function<LinearNode> {
 public:
  using Context = torch::autograd::AutogradContext;
  using Tensors = torch::autograd::variable_list;

  static at::Tensor forward(Context* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias) {
    const at::Tensor some_bias = bias.value_or(at::Tensor());
    context->save_for_backward({x, weight, some_bias});
    return linear_of_rows(x, weight, some_bias);
  }

  static Tensors backward(Context* context, const Tensors& gradients) {
    const Tensors saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2];
    const at::Tensor grad = gradients[0].contiguous();
    const WeightGradient of_weight(weight);
    const GradientBuffer of_bias(bias);
    of_weight.add_product(grad, x);
    if (bias.defined()) add_column_sums(extent_of(grad), in(grad), of_bias.data());
    return {context->needs_input_grad(0) ? linear_input_gradient(grad, weight) : at::Tensor(),
            of_weight.rest(), of_bias.rest()};
  }
};

}  // namespace

bool is_plain_float(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return is_plain_float(x) && outruns_blas() ? linear_by_gemm(x, weight, bias) : at::linear(x, weight, bias);
}

at::Tensor linear_by_gemm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor rows = x.contiguous().view({-1, x.size(-1)});
  const at::Tensor result =
      c10::GradMode::is_enabled()
          ? LinearNode::apply(rows, weight, bias.defined() ? std::optional(bias) : std::nullopt)
          : linear_of_rows(rows, weight, bias);
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return result.view(shape);
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
