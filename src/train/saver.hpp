// SPDX-License-Identifier: Apache-2.0
// Saves a training while it goes on: frames, and from time to time what it can be continued from.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/compute/background_queue.hpp"
#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/train/trainer.hpp"

#include "checkpoint.hpp"
#include "state.hpp"

namespace zoetrope::train {

// When the optimizer's state is saved, too: with a frame where the next one would come more than `interval`
// seconds after the last time, and between frames that are further apart than that. 0: with every frame.
class ResumeClock {
 public:
  ResumeClock(double interval, std::int64_t save_steps) : interval_(interval), save_steps_(save_steps) {}

  // After each step of this job, `now` seconds after its first began.
  bool is_due(bool is_frame, double now);
  void saved(double now) { saved_ = now; }

 private:
  double interval_;
  std::int64_t save_steps_;
  std::int64_t steps_ = 0;
  double saved_ = 0;
};

class Saver {
 public:
  Saver(const store::RunDirectory& run, const TrainOptions& options, std::int64_t steps_per_epoch,
        support::Json identity, support::Json preprocessor, comm::Communicator& control);

  // The training after `step` steps; `sums` and `history` are rank 0's. As a frame, as what can be gone on
  // from, or as both. Collective. The files are written in the background: what training changes is copied
  // first. For a frame `hook` gets the checkpoint, where it is given.
  void save(std::int64_t step, const TrainingState& state, const IntervalSums& sums,
            const std::vector<store::LossRecord>& history, bool is_resume_point, const CheckpointHook& hook);
  // The frame that training goes on from, for `hook`. Collective.
  void show(std::int64_t step, const model::Vit& model, const CheckpointHook& hook);
  // Collective. Returns when all is on disk; a process that is killed before that leaves it to another.
  void wait();

  double epoch_of(std::int64_t step) const {
    return static_cast<double>(step) / static_cast<double>(steps_per_epoch_);
  }

 private:
  struct Copies;
  CheckpointContent content_of(std::int64_t step, const IntervalSums& sums,
                               const std::vector<store::LossRecord>& history, bool is_resume_point) const;
  void write(CheckpointContent content, const TrainingState& state, bool is_there, bool is_resume_point,
             std::shared_ptr<std::string> digest);
  void leave_device();
  std::optional<std::string> stored_digest(std::int64_t step, const model::Vit& model,
                                           bool is_resume_point) const;
  model::CheckpointInMemory in_memory(std::int64_t step, const model::Vit& model,
                                      std::optional<std::string> known,
                                      const std::shared_ptr<std::string>& digest);

  const store::RunDirectory run_;
  const TrainOptions options_;
  std::int64_t steps_per_epoch_;
  support::Json identity_;
  support::Json preprocessor_;
  comm::Communicator& control_;
  std::vector<std::weak_ptr<const Copies>> queued_;  // of what the queue still has to write
  compute::BackgroundQueue queue_;                   // rank 0's
};

}  // namespace zoetrope::train
