// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/train/optimizer.hpp"

#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "update_kernels.hpp"

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

void AdamW::step(const at::Tensor& gradient, const at::Tensor& factor) {
  const c10::NoGradGuard no_grad;
  step_.add_(1);
  if (gradient.is_cpu()) return step_on_cpu(gradient, factor.item<float>());
  gradient.mul_(factor);
  step_on_device(gradient);
}

void AdamW::step_on_cpu(const at::Tensor& gradient, float factor) {
  const double step = step_.item<double>(), learning_rate = learning_rate_.item<double>();
  for (const Span& span : spans_) {
    const AdamWStep scalars{
        .gradient_factor = factor,
        .exp_avg_weight = static_cast<float>(1 - kBeta1),
        .exp_avg_sq_weight = static_cast<float>(1 - kBeta2),
        .beta2 = kBeta2,
        .value_factor = static_cast<float>(1 - learning_rate * span.weight_decay),
        .step_size = static_cast<float>(learning_rate / (1 - std::pow(kBeta1, step))),
        .denominator_factor = static_cast<float>(1 / std::sqrt(1 - std::pow(kBeta2, step))),
        .eps = kEps};
    const auto part = [&](const at::Tensor& flat) { return flat.mutable_data_ptr<float>() + span.first; };
    adamw_step(span.size, part(gradient), scalars, part(exp_avg), part(exp_avg_sq), part(values_));
  }
}

void AdamW::step_on_device(const at::Tensor& gradient) {
  for (const Span& span : spans_) {
    const auto part = [&](const at::Tensor& flat) {
      return std::vector<at::Tensor>{flat.narrow(0, span.first, span.size)};
    };
    at::_fused_adamw_(part(values_), part(gradient), part(exp_avg), part(exp_avg_sq), {}, {step_},
                      learning_rate_, kBeta1, kBeta2, span.weight_decay, kEps, /*amsgrad=*/false,
                      /*maximize=*/false);
  }
}

Clipping clip_gradient(const at::Tensor& gradient, double max_norm) {
  const c10::NoGradGuard no_grad;
  const at::Tensor norm = gradient.is_cpu()
                              ? at::scalar_tensor(std::sqrt(sum_of_squares(gradient)), gradient.options())
                              : gradient.norm();
  return {norm, max_norm > 0 ? (max_norm / (norm + 1e-6)).clamp_max(1.0) : at::ones_like(norm)};
}

}  // namespace zoetrope::train
