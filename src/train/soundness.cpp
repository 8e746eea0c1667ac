// SPDX-License-Identifier: Apache-2.0
#include "soundness.hpp"

#include <cmath>
#include <string>

#include <ATen/ATen.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::train {

namespace {

[[noreturn]] void refuse(std::int64_t step, const std::string& what) {
  throw RunError("step " + std::to_string(step) + ": " + what +
                 "; try a smaller --learning-rate, and --precision fp32");
}

}  // namespace

void require_finite(std::int64_t step, const IntervalSums& sums, double norms) {
  if (!std::isfinite(sums.loss)) refuse(step, "the training loss is " + std::to_string(sums.loss));
  if (!std::isfinite(norms)) refuse(step, "the gradient's norm is " + std::to_string(norms));
}

void require_sound(std::int64_t step, const TrainingState& state, const StepRunner& steps,
                   const LocalBatch& batch, comm::Communicator& control) {
  const auto [least, most] = at::aminmax(state.model.flat().detach());  // nan where any value is
  const bool is_finite = std::isfinite(least.item<float>()) && std::isfinite(most.item<float>()) &&
                         steps.has_finite_logits(batch);
  const at::Tensor is_bad = at::tensor({is_finite ? 0 : 1}, at::kLong);
  control.all_reduce(is_bad, comm::ReduceOp::kMax);
  if (is_bad.item<std::int64_t>() != 0)
    refuse(step, "the update has made the model's weights or its outputs infinite or nan");
}

}  // namespace zoetrope::train
