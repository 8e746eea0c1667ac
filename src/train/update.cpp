// SPDX-License-Identifier: Apache-2.0
#include "update.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace zoetrope::train {

Update::Update(StepRunner& steps, AdamW& optimizer, double max_grad_norm, std::optional<comm::Share> share,
               comm::Communicator& communicator)
    : steps_(steps),
      optimizer_(optimizer),
      max_grad_norm_(max_grad_norm),
      share_(share),
      communicator_(communicator),
      sums_(at::zeros({2}, steps.gradient().options().dtype(at::kDouble))),
      grad_norm_(at::zeros({}, steps.gradient().options())) {}

void Update::run(const LocalBatch& batch) {
  sums_ += steps_.run(batch);
  const Clipping clipping = clip_gradient(steps_.gradient(), max_grad_norm_, share_, communicator_);
  grad_norm_.copy_(clipping.norm);
  optimizer_.step(steps_.gradient(), clipping.factor);
}

std::vector<at::Tensor> Update::tensors() const {
  std::vector<at::Tensor> all = optimizer_.tensors();
  all.insert(all.end(), {steps_.gradient(), steps_.totals(), sums_, grad_norm_});
  return all;
}

}  // namespace zoetrope::train
