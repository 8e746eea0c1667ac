// SPDX-License-Identifier: Apache-2.0
#include "fused.hpp"

#include <optional>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "../gradient_buffer.hpp"
#include "../optional_tensor.hpp"

namespace zoetrope::model {

namespace {

namespace autograd = torch::autograd;

at::Tensor as_rows(const at::Tensor& x) {
  return x.defined() ? x.flatten(0, -2).contiguous() : x;
}

void keep_kernels(autograd::AutogradContext* context, const KernelsPointer& kernels) {
  context->saved_data["kernels"] = c10::IValue::make_capsule(kernels);
}

KernelsPointer kept_kernels(autograd::AutogradContext* context) {
  return c10::static_intrusive_pointer_cast<RowKernels>(context->saved_data["kernels"].toCapsule());
}

// Of rows. Its results are the sum and `normed`, or `normed` alone where there is no branch.
class AddNorm : public autograd::Function<AddNorm> {
 public:
  static autograd::variable_list forward(autograd::AutogradContext* context, const KernelsPointer& kernels,
                                         const at::Tensor& residual,
                                         const std::optional<at::Tensor>& maybe_branch,
                                         const std::optional<at::Tensor>& maybe_bias,
                                         const at::Tensor& weight, const at::Tensor& shift, double eps) {
    const at::Tensor branch = maybe_branch.value_or(at::Tensor()), bias = maybe_bias.value_or(at::Tensor());
    const RowKernels::Normed result = kernels->add_norm(residual, branch, bias, weight, shift, eps);
    keep_kernels(context, kernels);
    context->saved_data["has_branch"] = branch.defined();
    context->save_for_backward({result.sum, result.normed, result.moments, weight, shift, bias});
    context->set_materialize_grads(false);
    if (!branch.defined()) return {result.normed};
    return {result.sum, result.normed};
  }

  static autograd::variable_list backward(autograd::AutogradContext* context,
                                          const autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const bool has_branch = context->saved_data["has_branch"].toBool();
    const at::Tensor grad_sum = has_branch ? as_rows(gradients[0]) : at::Tensor();
    const at::Tensor grad_normed =
        gradients.back().defined() ? as_rows(gradients.back()) : at::zeros_like(saved[1]);
    const GradientBuffer weight(saved[3]), shift(saved[4]), bias(saved[5]);
    const NormGradientSums to{weight.data(), shift.data(), saved[5].defined() ? bias.data() : nullptr};
    const auto [of_sum, of_branch] = kept_kernels(context)->add_norm_gradient(
        {saved[0], saved[1], saved[2]}, saved[3], grad_normed, grad_sum, has_branch, to);
    return {{}, of_sum, of_branch, bias.rest(), weight.rest(), shift.rest(), {}};
  }
};

class BiasGelu : public autograd::Function<BiasGelu> {
 public:
  static at::Tensor forward(autograd::AutogradContext* context, const KernelsPointer& kernels,
                            const at::Tensor& x, const at::Tensor& bias) {
    keep_kernels(context, kernels);
    context->save_for_backward({x, bias});
    return kernels->bias_gelu(x, bias);
  }

  static autograd::variable_list backward(autograd::AutogradContext* context,
                                          const autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const GradientBuffer bias(saved[1]);
    const at::Tensor of_x =
        kept_kernels(context)->bias_gelu_gradient(as_rows(gradients[0]), saved[0], saved[1], bias.data());
    return {{}, of_x, bias.rest()};
  }
};

}  // namespace

NormedSum add_norm(const KernelsPointer& kernels, const at::Tensor& residual, const at::Tensor& branch,
                   const at::Tensor& bias, const NormParameters& norm) {
  const at::Tensor rows = as_rows(residual), branch_rows = as_rows(branch);
  if (!c10::GradMode::is_enabled()) {
    const RowKernels::Normed result =
        kernels->add_norm(rows, branch_rows, bias, norm.weight, norm.shift, norm.eps);
    return {result.sum.view(residual.sizes()), result.normed.view(residual.sizes())};
  }
  const autograd::variable_list results = AddNorm::apply(kernels, rows, if_defined(branch_rows),
                                                         if_defined(bias), norm.weight, norm.shift, norm.eps);
  const at::Tensor& sum = branch.defined() ? results.front() : rows;
  return {sum.view(residual.sizes()), results.back().view(residual.sizes())};
}

at::Tensor bias_gelu(const KernelsPointer& kernels, const at::Tensor& x, const at::Tensor& bias) {
  const at::Tensor rows = as_rows(x);
  if (!c10::GradMode::is_enabled()) return kernels->bias_gelu(rows, bias).view(x.sizes());
  return BiasGelu::apply(kernels, rows, bias).view(x.sizes());
}

}  // namespace zoetrope::model
