// SPDX-License-Identifier: Apache-2.0
#include "activation.hpp"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

namespace zoetrope::model {

namespace {

// transformers' LaplaceActivation.
at::Tensor laplace(const at::Tensor& x) {
  constexpr double kMean = 0.707107, kDeviation = 0.282095;
  return 0.5 * (1 + at::erf((x - kMean).div(kDeviation * std::numbers::sqrt2)));
}

}  // namespace

at::Tensor activate(Activation activation, const at::Tensor& x) {
  switch (activation) {
    case Activation::kGelu:
      return at::gelu(x);
    case Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case Activation::kClippedGelu:
      return at::clamp(at::gelu(x), -10, 10);
    case Activation::kQuickGelu:
      return x * at::sigmoid(1.702 * x);
    case Activation::kRelu:
      return at::relu(x);
    case Activation::kRelu6:
      return at::relu6(x);
    case Activation::kSquaredRelu:
      return at::square(at::relu(x));
    case Activation::kLeakyRelu:
      return at::leaky_relu(x);
    case Activation::kSilu:
      return at::silu(x);
    case Activation::kMish:
      return at::mish(x);
    case Activation::kHardswish:
      return at::hardswish(x);
    case Activation::kSigmoid:
      return at::sigmoid(x);
    case Activation::kTanh:
      return at::tanh(x);
    case Activation::kLaplace:
      return laplace(x);
    case Activation::kSqrtSoftplus:
      return at::sqrt(at::softplus(x));
    case Activation::kLinear:
      break;
  }
  return x;
}

}  // namespace zoetrope::model
