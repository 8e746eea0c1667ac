// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/train/optimizer.hpp"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace zoetrope::train {

namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEps = 1e-8;

}  // namespace

AdamW::AdamW(const model::Vit& model, double weight_decay)
    : exp_avg(at::zeros_like(model.flat())),
      exp_avg_sq(at::zeros_like(model.flat())),
      values_(model.flat()),
      step_(at::zeros({}, model.flat().options())),
      learning_rate_(
          at::zeros({}, model.flat().options().dtype(model.flat().is_cpu() ? at::kDouble : at::kFloat))) {
  const auto& parameters = model.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double decay = parameters[i].decays ? weight_decay : 0.0;
    const std::int64_t end = i + 1 < parameters.size() ? parameters[i + 1].offset : model.flat().numel();
    if (spans_.empty() || spans_.back().weight_decay != decay)
      spans_.push_back({parameters[i].offset, 0, decay});
    spans_.back().size = end - spans_.back().first;
  }
}

void AdamW::set_step(std::int64_t step) {
  step_.fill_(static_cast<double>(step));
}

void AdamW::set_learning_rate(double learning_rate) {
  learning_rate_.fill_(learning_rate);
}

void AdamW::step(const at::Tensor& gradient) {
  const c10::NoGradGuard no_grad;
  step_.add_(1);
  for (const Span& span : spans_) {
    const auto part = [&](const at::Tensor& flat) {
      return std::vector<at::Tensor>{flat.narrow(0, span.first, span.size)};
    };
    at::_fused_adamw_(part(values_), part(gradient), part(exp_avg), part(exp_avg_sq), {}, {step_},
                      learning_rate_, kBeta1, kBeta2, span.weight_decay, kEps, /*amsgrad=*/false,
                      /*maximize=*/false);
  }
}

at::Tensor clip_gradient(const at::Tensor& gradient, double max_norm) {
  const c10::NoGradGuard no_grad;
  const at::Tensor norm = gradient.norm();
  if (max_norm > 0) gradient.mul_((max_norm / (norm + 1e-6)).clamp_max(1.0));
  return norm;
}

}  // namespace zoetrope::train
