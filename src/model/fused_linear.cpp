// SPDX-License-Identifier: Apache-2.0
#include "fused_linear.hpp"

#include <optional>
#include <string_view>

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace zoetrope::model {

namespace {

// The operators that torch.compile uses; they are not part of at::.
using Linear = at::Tensor(const at::Tensor& x, const at::Tensor& weight,
                          const std::optional<at::Tensor>& bias, std::string_view attribute,
                          c10::List<std::optional<at::Scalar>> scalars,
                          std::optional<std::string_view> algorithm);
using LinearBinary = at::Tensor(const at::Tensor& x, const at::Tensor& other, const at::Tensor& weight,
                                const std::optional<at::Tensor>& bias, std::string_view attribute);

template <typename Signature>
std::optional<c10::TypedOperatorHandle<Signature>> find(const char* overload) {
  if (!at::hasMKLDNN()) return std::nullopt;
  const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", overload});
  return found ? std::optional(found->typed<Signature>()) : std::nullopt;
}

std::optional<at::Tensor> optional_of(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

}  // namespace

at::Tensor fused_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  static const auto linear = find<Linear>("");
  if (!linear) return at::linear(x, weight, bias);
  return linear->call(x, weight, optional_of(bias), "none", c10::List<std::optional<at::Scalar>>(), "");
}

at::Tensor fused_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& residual) {
  static const auto linear = find<LinearBinary>("binary");
  if (!linear) return at::linear(x, weight, bias).add_(residual);
  return linear->call(x, residual, weight, optional_of(bias), "add");
}

}  // namespace zoetrope::model
