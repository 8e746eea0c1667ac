// SPDX-License-Identifier: Apache-2.0
// One optimizer step, from a batch to new weights.
#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/train/optimizer.hpp"

#include "step.hpp"

namespace zoetrope::train {

// All that changes from step to step comes in tensors (the batch, and AdamW's learning rate and step), and
// the host reads nothing of the device: so a device can capture a step and replay it. It is the same code on
// CPUs.
class Update {
 public:
  // All outlive this. `max_grad_norm` as for clip_gradient.
  Update(StepRunner& steps, AdamW& optimizer, double max_grad_norm, std::optional<comm::Share> share,
         comm::Communicator& communicator);

  // Forward and backward, clipping, AdamW. Collective.
  void run(const LocalBatch& batch);

  // Sums over the steps since it was last set to zero, float64 [2] on the device: mean losses, and images
  // whose class was predicted.
  const at::Tensor& sums() const { return sums_; }
  // Of the last step, before clipping: a float32 scalar on the device.
  const at::Tensor& grad_norm() const { return grad_norm_; }
  // What a step reads and writes besides the batch and the model's values.
  std::vector<at::Tensor> tensors() const;

 private:
  StepRunner& steps_;
  AdamW& optimizer_;
  double max_grad_norm_;
  std::optional<comm::Share> share_;
  comm::Communicator& communicator_;
  at::Tensor sums_;
  at::Tensor grad_norm_;
};

}  // namespace zoetrope::train
