// SPDX-License-Identifier: Apache-2.0
#include "optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "device_update.hpp"
#include "update_kernels.hpp"

namespace zoetrope::train {

namespace {

constexpr AdamWConstants kConstants;
constexpr double kBeta1 = kConstants.beta1;
constexpr double kBeta2 = kConstants.beta2;

}  // namespace

AdamW::AdamW(const TrainingState& state, double weight_decay, comm::Communicator& communicator)
    : state_(state), communicator_(communicator) {
  const at::Tensor& values = state.model.flat();
  step_ = at::zeros({}, values.options());
  learning_rate_ = at::zeros({}, values.options().dtype(values.is_cpu() ? at::kDouble : at::kFloat));
  const auto& parameters = state.model.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double decay = parameters[i].decays ? weight_decay : 0.0;
    const std::int64_t end = i + 1 < parameters.size() ? parameters[i + 1].offset : values.numel();
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
  adamw_on_device(state_, gradient, factor, spans_, step_, learning_rate_, kConstants);
}

void AdamW::step_on_cpu(const at::Tensor& gradient, float factor) {
  const double step = step_.item<double>(), learning_rate = learning_rate_.item<double>();
  const support::Range mine = state_.share.value_or(support::Range{0, gradient.numel()});
  for (const DecaySpan& span : spans_) {
    const AdamWStep scalars{
        .gradient_factor = factor,
        .exp_avg_weight = static_cast<float>(1 - kBeta1),
        .exp_avg_sq_weight = static_cast<float>(1 - kBeta2),
        .beta2 = kBeta2,
        .value_factor = static_cast<float>(1 - learning_rate * span.weight_decay),
        .step_size = static_cast<float>(learning_rate / (1 - std::pow(kBeta1, step))),
        .denominator_factor = static_cast<float>(1 / std::sqrt(1 - std::pow(kBeta2, step))),
        .eps = static_cast<float>(kConstants.eps)};
    const std::int64_t first = std::max(span.first, mine.begin);
    const std::int64_t end = std::min(span.first + span.size, mine.end);
    if (first >= end) continue;
    const auto part = [&](const at::Tensor& flat) { return flat.mutable_data_ptr<float>() + first; };
    adamw_step(end - first, part(gradient), scalars, part(state_.exp_avg), part(state_.exp_avg_sq),
               part(state_.model.flat()));
  }
  if (state_.share) communicator_.barrier();
}

namespace {

at::Tensor norm_on_cpu(const at::Tensor& gradient, std::optional<support::Range> share,
                       comm::Communicator& communicator) {
  const at::Tensor squares = sums_of_squares(gradient, share.value_or(support::Range{0, gradient.numel()}));
  if (share) communicator.all_reduce(squares, comm::ReduceOp::kSum);
  const double* const pieces = squares.const_data_ptr<double>();
  const double sum = std::accumulate(pieces, pieces + squares.numel(), 0.0);
  return at::scalar_tensor(std::sqrt(sum), gradient.options());
}

}  // namespace

Clipping clip_gradient(const at::Tensor& gradient, double max_norm, std::optional<support::Range> share,
                       comm::Communicator& communicator) {
  const c10::NoGradGuard no_grad;
  const at::Tensor norm = gradient.is_cpu() ? norm_on_cpu(gradient, share, communicator) : gradient.norm();
  return {norm, max_norm > 0 ? (max_norm / (norm + 1e-6)).clamp_max(1.0) : at::ones_like(norm)};
}

}  // namespace zoetrope::train
