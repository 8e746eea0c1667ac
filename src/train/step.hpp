// SPDX-License-Identifier: Apache-2.0
// One optimizer step on one rank: forward and backward, then the update of the weights.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/model/precision.hpp"
#include "zoetrope/preprocess/image_cache.hpp"

#include "gradient_reducer.hpp"
#include "optimizer.hpp"

namespace zoetrope::train {

// This rank's share of a batch.
struct LocalBatch {
  at::Tensor pixels;            // uint8 [b, C, H, W] on the model's device; undefined where b is 0
  at::Tensor labels;            // int64 [b] there
  std::int64_t batch_size = 0;  // images over all ranks
};

// Bytes that a training may take on a device for what backward needs, where `free` bytes are free before its
// gradient is made and `model` is what the weights take: half of what is left beside the gradient and the
// copies that a resume point is written from. The other half is for what lies between operations, and for a
// captured step, which has memory of its own.
double activation_memory_of_device(double free, double model);

class StepRunner {
 public:
  // `share` as TrainingState has it.
  StepRunner(const model::Vit& model, preprocess::ImageCache& images,
             const preprocess::PreprocessorConfig& preprocessor, model::Precision precision, int threads,
             std::int64_t local_batch, std::int64_t micro_batch, std::optional<support::Range> share,
             comm::Communicator& communicator);

  // This rank's share of `batch` (the same on every rank). `epoch` is what augmentation depends on.
  LocalBatch load(std::span<const std::int64_t> batch, std::int64_t epoch);
  // The gradient of the mean loss over the batch is left in gradient(), summed over all ranks, where there is
  // a `share` in that alone. Returns totals(), over all ranks: the mean cross entropy and the number of
  // images whose class was predicted, float64 [2] on the model's device, which is not waited for. Collective.
  // Interrupted on every rank where one has got a signal and the step takes several passes on cores: nothing
  // has changed then but gradient().
  const at::Tensor& run(const LocalBatch& batch);
  // Begins to make the images of a later step: of the next that run() is called for.
  void prefetch(std::span<const std::int64_t> batch, std::int64_t epoch);
  // Whether the model's logits of this rank's first images of `batch` are finite; true where it has none.
  // Waits for the device.
  bool has_finite_logits(const LocalBatch& batch) const;
  const at::Tensor& gradient() const { return replicas_.front().gradient; }
  const at::Tensor& totals() const { return totals_; }

  std::size_t num_replicas() const { return replicas_.size(); }
  // The most images of a step that a rank takes, as given; and how many of them at once.
  std::int64_t local_batch() const { return local_batch_; }
  std::int64_t micro_batch() const { return micro_batch_; }

 private:
  std::span<const std::int64_t> mine(std::span<const std::int64_t> batch) const;
  void give_up_if_asked(bool is_last);
  // `rounded` as model::Vit takes it.
  void run_micro_batch(const at::Tensor& pixels, const at::Tensor& labels, const at::Tensor& rounded,
                       std::int64_t batch_size, std::vector<at::Tensor>& sums);
  at::Tensor run_replica(Replica& replica, const at::Tensor& pixels, const at::Tensor& labels,
                         const at::Tensor& rounded, std::int64_t batch_size) const;

  preprocess::ImageCache& images_;
  const preprocess::PreprocessorConfig& preprocessor_;
  model::Precision precision_;
  std::int64_t local_batch_;
  std::int64_t micro_batch_;
  comm::Communicator& communicator_;
  std::vector<Replica> replicas_;
  at::Tensor totals_;  // always the same memory, for a captured step
  std::unique_ptr<GradientReducer> reducer_;
};

// One optimizer step, from a batch to new weights.
//
// All that changes from step to step comes in tensors (the batch, and AdamW's learning rate and step), and
// the host reads nothing of the device: so a device can capture a step and replay it. It is the same code on
// CPUs.
class Update {
 public:
  // All outlive this. `max_grad_norm` as for clip_gradient.
  Update(StepRunner& steps, AdamW& optimizer, double max_grad_norm, std::optional<support::Range> share,
         comm::Communicator& communicator);

  // Forward and backward, clipping, AdamW. Collective.
  void run(const LocalBatch& batch);

  // Sums over the steps since it was last set to zero, float64 [3] on the device: mean losses, images whose
  // class was predicted, and the gradient's norms, which one that is not finite makes so, too.
  const at::Tensor& sums() const { return sums_; }
  // Of the last step, before clipping: a float32 scalar on the device.
  const at::Tensor& grad_norm() const { return grad_norm_; }
  // What a step reads and writes besides the batch and the model's values.
  std::vector<at::Tensor> tensors() const;

 private:
  StepRunner& steps_;
  AdamW& optimizer_;
  double max_grad_norm_;
  std::optional<support::Range> share_;
  comm::Communicator& communicator_;
  at::Tensor sums_;
  at::Tensor grad_norm_;
};

}  // namespace zoetrope::train
