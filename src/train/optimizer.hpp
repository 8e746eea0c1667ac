// SPDX-License-Identifier: Apache-2.0
// AdamW (Loshchilov and Hutter 2019) as torch.optim.AdamW, on a training's flat buffers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/support/range.hpp"

#include "state.hpp"

namespace zoetrope::train {

// A run of neighbouring parameters that are treated alike.
struct DecaySpan {
  std::int64_t first = 0;
  std::int64_t size = 0;
  double weight_decay = 0;
};

class AdamW {
 public:
  // Betas 0.9 and 0.999, eps 1e-8. Only parameters that decay take `weight_decay`. Both outlive this.
  AdamW(const TrainingState& state, double weight_decay, comm::Communicator& communicator);

  // The rate of the updates that follow. The device is not waited for.
  void set_learning_rate(double learning_rate);
  // One update of the state, or of this rank's share of it, from `factor` times `gradient` (flat layout),
  // which may be scaled by it; `factor` is a float32 scalar on the gradient's device, see Clipping.
  // Collective.
  void step(const at::Tensor& gradient, const at::Tensor& factor);

  void set_step(std::int64_t step);

  // What an update reads and writes besides values and gradient.
  std::vector<at::Tensor> tensors() const {
    return {state_.exp_avg, state_.exp_avg_sq, step_, learning_rate_};
  }

 private:
  void step_on_cpu(const at::Tensor& gradient, float factor);

  const TrainingState& state_;
  comm::Communicator& communicator_;
  std::vector<DecaySpan> spans_;
  at::Tensor step_;           // float32 scalar, as the fused kernel wants it
  at::Tensor learning_rate_;  // scalar: float64 on the CPU, float32 on a device, whose kernel reads that
};

// As torch.nn.utils.clip_grad_norm_: float32 scalars on the gradient's device, which is not waited for.
struct Clipping {
  at::Tensor norm;    // L2, over all parameters
  at::Tensor factor;  // min(1, max_norm / (norm + 1e-6)), or 1 where max_norm <= 0
};
// Where each rank has the gradient's sum over the ranks in its own `share` only, collective: the norm is over
// all of them.
Clipping clip_gradient(const at::Tensor& gradient, double max_norm, std::optional<support::Range> share,
                       comm::Communicator& communicator);

}  // namespace zoetrope::train
