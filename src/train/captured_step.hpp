// SPDX-License-Identifier: Apache-2.0
// Optimizer steps, replayed by the device as one graph where that is possible.
#pragma once

#include <cstdint>
#include <memory>

#include "zoetrope/compute/device_graph.hpp"
#include "zoetrope/train/options.hpp"
#include "zoetrope/train/trainer.hpp"

#include "step.hpp"

namespace zoetrope::train {

class CapturedStep {
 public:
  // All outlive this; `steps` is the one of `update`. `options.graph` kOn is a UsageError where steps cannot
  // be captured: on a CPU, in several forward passes, or without a full batch among `num_images`. Collective
  // where they can.
  CapturedStep(Update& update, const StepRunner& steps, const model::Vit& model, const TrainOptions& options,
               std::int64_t num_images, Communicators communicators);

  // update.run(batch). Steps of the full batch size run as they are a few times, which sets the libraries up,
  // then are captured, and from then on replayed; an epoch's short last batch always runs as it is. A capture
  // that fails on some rank is given up on all: kOn throws RunError, kAuto warns once and goes on without.
  void run(const LocalBatch& batch);

 private:
  void hold(const LocalBatch& batch);
  void capture();

  Update& update_;
  const model::Vit& model_;
  GraphMode mode_;
  std::int64_t batch_size_;
  Communicators communicators_;
  int runs_until_capture_;
  LocalBatch held_;  // the memory that the graph reads its batch from
  std::unique_ptr<compute::DeviceGraph> graph_;
};

}  // namespace zoetrope::train
