// SPDX-License-Identifier: Apache-2.0
#include "fused_linear.hpp"

#include <optional>
#include <string_view>

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
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

using Pack = at::Tensor(const at::Tensor& weight, std::optional<c10::SymInt> rows);

template <typename Signature>
std::optional<c10::TypedOperatorHandle<Signature>> find(const char* name, const char* overload) {
  if (!at::hasMKLDNN()) return std::nullopt;
  const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
  return found ? std::optional(found->typed<Signature>()) : std::nullopt;
}

std::optional<at::Tensor> optional_of(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

}  // namespace

bool can_fuse_linear(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && !at::autocast::is_autocast_enabled(at::kCPU);
}

at::Tensor fused_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  static const auto linear = find<Linear>("mkldnn::_linear_pointwise", "");
  if (!linear) return at::linear(x, weight, bias);
  return linear->call(x, weight, optional_of(bias), "none", c10::List<std::optional<at::Scalar>>(), "");
}

at::Tensor fused_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& residual) {
  static const auto linear = find<LinearBinary>("mkldnn::_linear_pointwise", "binary");
  if (!linear) return at::linear(x, weight, bias).add_(residual);
  return linear->call(x, residual, weight, optional_of(bias), "add");
}

at::Tensor linear_input_gradient(const at::Tensor& grad, const at::Tensor& weight) {
  return fused_linear(grad, weight.t(), at::Tensor());
}

at::Tensor pack_for_linear(const at::Tensor& weight, std::int64_t rows) {
  static const auto pack = find<Pack>("mkldnn::_reorder_linear_weight", "");
  if (!pack || !weight.is_cpu() || weight.scalar_type() != at::kFloat) return at::Tensor();
  return pack->call(weight, c10::SymInt(rows));
}

}  // namespace zoetrope::model
