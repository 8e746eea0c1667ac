// SPDX-License-Identifier: Apache-2.0
// checkpoint-<step>/: a Hugging Face model folder, with what continuing the training needs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "zoetrope/model/vit.hpp"
#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::train {

// Sums since the last line of log.csv, so that an interrupted run logs what an uninterrupted one would.
struct IntervalSums {
  double loss = 0;  // of the steps' mean losses
  std::int64_t steps = 0;
  double correct = 0;  // images whose class was predicted
  std::int64_t images = 0;
};

// What one checkpoint is made of. Tensors are snapshots: training goes on while they are written.
struct CheckpointContent {
  std::int64_t step = 0;
  double epoch = 0;
  std::optional<model::Vit> model;  // holds a copy of the values
  at::Tensor exp_avg;               // flat layout; undefined: no optimizer state (checkpoint-0)
  at::Tensor exp_avg_sq;
  IntervalSums sums;
  support::Json identity;       // TrainOptions::identity and the data's digest
  support::Json preprocessor;   // preprocessor_config.json
  support::Json trainer_state;  // trainer_state.json
  bool interruption = false;    // saved because of a signal: it goes once a regular checkpoint follows
};

void write_checkpoint(const store::RunDirectory& run, const CheckpointContent& content);

// What optimizer.safetensors holds.
struct ResumePoint {
  at::Tensor exp_avg;  // undefined: there is none
  at::Tensor exp_avg_sq;
  IntervalSums sums;
  support::Json identity;
};

// Reads the optimizer's state of checkpoint `step` for `model`, once. InputError where it is damaged, of
// another step or of another model.
ResumePoint read_resume_point(const store::RunDirectory& run, std::int64_t step, const model::Vit& model);

// UsageError names the first option of `asked` that differs from those that checkpoint `step` was trained
// with.
void require_identity(const store::RunDirectory& run, std::int64_t step, const support::Json& stored,
                      const support::Json& asked);

// Removes what is no longer needed once checkpoint `newest` is on disk: optimizer states beyond
// `keep_optimizer`, checkpoints of interruptions, and with `keep_models` false the older models.
void prune_checkpoints(const store::RunDirectory& run, std::int64_t newest, std::int64_t keep_optimizer,
                       bool keep_models);

// Writes checkpoints beside the training, one at a time. An error of writing is thrown by the next call.
class CheckpointWriter {
 public:
  CheckpointWriter() = default;
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  void start(std::function<void()> write);
  void wait();

 private:
  std::future<void> running_;
};

}  // namespace zoetrope::train
