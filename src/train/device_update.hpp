// SPDX-License-Identifier: Apache-2.0
// What an update does with a model's flat float32 buffers on a device: libtorch's fused kernel, once for all
// parameters that are treated alike.
#pragma once

#include <span>

#include <ATen/core/Tensor.h>

#include "optimizer.hpp"

namespace zoetrope::train {

struct AdamWConstants {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
};

// One update of all of the state from `factor` times the gradient, which becomes that. `step`, its number, is
// a float32 scalar as `factor`; the host reads neither.
void adamw_on_device(const TrainingState& state, const at::Tensor& gradient, const at::Tensor& factor,
                     std::span<const DecaySpan> spans, const at::Tensor& step,
                     const at::Tensor& learning_rate, const AdamWConstants& constants);

}  // namespace zoetrope::train
