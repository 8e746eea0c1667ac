// SPDX-License-Identifier: Apache-2.0
#include "linear.hpp"

#include <optional>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "../gradient_buffer.hpp"
#include "../optional_tensor.hpp"
#include "product.hpp"

namespace zoetrope::model {

namespace {

namespace autograd = torch::autograd;

class Linear : public autograd::Function<Linear> {
 public:
  static at::Tensor forward(autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, const at::Tensor& weight_values,
                            const std::optional<at::Tensor>& bias_values) {
    const at::Tensor rows = x.to(at::kBFloat16).flatten(0, -2);
    context->save_for_backward({rows, weight, bias.value_or(at::Tensor()), weight_values});
    context->saved_data["sizes"] = x.sizes();
    return at::linear(rows.view(x.sizes()), weight_values, bias_values);
  }

  static autograd::variable_list backward(autograd::AutogradContext* context,
                                          const autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight_values = saved[3];
    const at::Tensor grad = gradients[0].flatten(0, -2);
    const GradientBuffer of_weight(saved[1]), of_bias(saved[2]);
    add_product(of_weight.sum(), grad.t(), x);
    if (saved[2].defined()) of_bias.sum().add_(at::sum(grad, 0, /*keepdim=*/false, at::kFloat));
    at::Tensor of_x;
    if (context->needs_input_grad(0))
      of_x = grad.mm(weight_values).view(context->saved_data["sizes"].toIntVector());
    return {of_x, of_weight.rest(), of_bias.rest(), {}, {}};
  }
};

}  // namespace

at::Tensor linear_bf16(const at::Tensor& x, const Rounded& weight, const Rounded& bias) {
  if (!c10::GradMode::is_enabled())
    return at::linear(x.to(at::kBFloat16), weight.values, if_defined(bias.values));
  return Linear::apply(x, weight.parameter, if_defined(bias.parameter), weight.values,
                       if_defined(bias.values));
}

}  // namespace zoetrope::model
