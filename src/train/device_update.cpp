// SPDX-License-Identifier: Apache-2.0
#include "device_update.hpp"

#include <map>
#include <vector>

#include <ATen/ATen.h>

namespace zoetrope::train {

namespace {

struct Lists {
  std::vector<at::Tensor> values, gradients, exp_avgs, exp_avg_sqs;
};

}  // namespace

void adamw_on_device(const TrainingState& state, const at::Tensor& gradient, const at::Tensor& factor,
                     std::span<const DecaySpan> spans, const at::Tensor& step,
                     const at::Tensor& learning_rate, const AdamWConstants& constants) {
  std::map<double, Lists> by_decay;
  for (const DecaySpan& span : spans) {
    Lists& lists = by_decay[span.weight_decay];
    lists.values.push_back(state.model.flat().narrow(0, span.first, span.size));
    lists.gradients.push_back(gradient.narrow(0, span.first, span.size));
    lists.exp_avgs.push_back(state.exp_avg.narrow(0, span.first, span.size));
    lists.exp_avg_sqs.push_back(state.exp_avg_sq.narrow(0, span.first, span.size));
  }
  const at::Tensor scale = factor.reciprocal();  // the kernel divides by it, in the same pass
  for (const auto& [weight_decay, lists] : by_decay) {
    const std::vector<at::Tensor> steps(lists.values.size(), step);
    at::_fused_adamw_(lists.values, lists.gradients, lists.exp_avgs, lists.exp_avg_sqs, {}, steps,
                      learning_rate, constants.beta1, constants.beta2, weight_decay, constants.eps,
                      /*amsgrad=*/false,
                      /*maximize=*/false, scale);
  }
}

}  // namespace zoetrope::train
