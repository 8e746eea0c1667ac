// SPDX-License-Identifier: Apache-2.0
#include "float_products.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/mm.h>

namespace zoetrope::analysis {
namespace {

using MaybeTensor = std::optional<at::Tensor>;
using MaybeScalars = c10::List<std::optional<at::Scalar>>;
using Linear = at::Tensor(const at::Tensor&, const at::Tensor&, const MaybeTensor&, std::string_view,
                          MaybeScalars, std::optional<std::string_view>);

// libtorch's linear layer by oneDNN, which uses AVX-512 on every processor that has it; the MKL behind at::mm
// does so on Intel's alone and takes twice as long on others. None where libtorch was built without oneDNN.
std::optional<c10::TypedOperatorHandle<Linear>> linear_of_one_dnn() {
  const auto handle = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!handle) return std::nullopt;
  return handle->typed<Linear>();
}

}  // namespace

at::Tensor float_products(const at::Tensor& a, const at::Tensor& b) {
  constexpr std::int64_t kLeastRows = 32;  // below that to call oneDNN takes longer than to multiply
  static const auto linear = linear_of_one_dnn();
  if (!linear || a.size(0) < kLeastRows) return at::mm(a, b.t());
  return linear->call(a, b, std::nullopt, "none", MaybeScalars(), std::nullopt);
}

}  // namespace zoetrope::analysis
