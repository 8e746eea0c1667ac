// SPDX-License-Identifier: Apache-2.0
// Forward and backward of one optimizer step on one rank.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/data/preprocess.hpp"
#include "zoetrope/model/precision.hpp"
#include "zoetrope/train/gradient_reducer.hpp"

namespace zoetrope::train {

class StepRunner {
 public:
  StepRunner(const model::Vit& model, const data::PixelStore& images,
             const data::PreprocessorConfig& preprocessor, model::Precision precision, int threads,
             std::int64_t local_batch, std::int64_t micro_batch, comm::Communicator& communicator);

  // The gradient of the mean loss over `batch` (the same on every rank; this rank takes its share) is left in
  // gradient(), summed over all ranks. Returns, over all ranks, the mean cross entropy and the number of
  // images whose class was predicted: float64 [2] on the model's device, which is not waited for. Collective.
  at::Tensor run(std::span<const std::int64_t> batch);
  const at::Tensor& gradient() const { return lanes_.front().gradient; }

  std::size_t num_lanes() const { return lanes_.size(); }
  std::int64_t micro_batch() const { return micro_batch_; }

 private:
  void run_micro_batch(std::span<const std::int64_t> rows, std::int64_t batch_size,
                       std::vector<at::Tensor>& sums);
  at::Tensor run_lane(Lane& lane, std::span<const std::int64_t> rows, std::int64_t batch_size) const;

  const data::PixelStore& images_;
  const data::PreprocessorConfig& preprocessor_;
  model::Precision precision_;
  std::int64_t micro_batch_;
  comm::Communicator& communicator_;
  std::vector<Lane> lanes_;
  std::unique_ptr<GradientReducer> reducer_;
};

}  // namespace zoetrope::train
