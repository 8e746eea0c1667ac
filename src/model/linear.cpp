// SPDX-License-Identifier: Apache-2.0
#include "linear.hpp"

#include <optional>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "fused_linear.hpp"
#include "weight_gradient.hpp"

namespace zoetrope::model {

namespace {

namespace autograd = torch::autograd;

class Linear : public autograd::Function<Linear> {
 public:
  static at::Tensor forward(autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias) {
    const at::Tensor some_bias = bias.value_or(at::Tensor());
    context->save_for_backward({x, weight, some_bias});
    return fused_linear(x, weight, some_bias);
  }

  static autograd::variable_list backward(autograd::AutogradContext* context,
                                          const autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2];
    const at::Tensor grad = gradients[0].contiguous();
    const at::Tensor rows = grad.flatten(0, -2);
    const WeightGradient of_weight(weight), of_bias(bias);
    of_weight.add_product(rows.t(), x.flatten(0, -2));
    if (bias.defined()) of_bias.add(rows.sum(0));
    const at::Tensor of_x = context->needs_input_grad(0) ? linear_input_gradient(grad, weight) : at::Tensor();
    return {of_x, of_weight.rest(), of_bias.rest()};
  }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!can_fuse_linear(x)) return at::linear(x, weight, bias);
  if (!c10::GradMode::is_enabled()) return fused_linear(x.contiguous(), weight, bias);
  return Linear::apply(x.contiguous(), weight, bias.defined() ? std::optional(bias) : std::nullopt);
}

}  // namespace zoetrope::model
