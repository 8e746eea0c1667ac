// SPDX-License-Identifier: Apache-2.0
// trainer_state.json of a checkpoint, as Hugging Face's Trainer writes and reads it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::store {

struct TrainerState {
  std::int64_t step = 0;
  double epoch = 0;
  std::int64_t max_steps = 0;
  std::int64_t steps_per_epoch = 1;
  std::int64_t logging_steps = 20;
  std::int64_t save_steps = 20;
  std::int64_t batch_size = 32;
};

// The file's content, with the records of `log` up to the state's step.
support::Json to_json(const TrainerState& state, const std::vector<LossRecord>& log);

// Puts a digest into it, and that of the weights that it is of: in "trial_params", which a Trainer sets anew.
support::Json sealed_trainer_state(support::Json state, const std::string& model_digest);

// What is read of it, in 2 GiB at most: a log of some millions of lines. InputError where it is damaged or
// larger.
struct StoredTrainerState {
  bool is_there = false;
  bool is_ours = false;      // sealed: nothing in it has changed
  std::int64_t step = -1;    // -1: it does not say
  double epoch = 0;          // 0 where it says none
  std::string model_digest;  // of a sealed one
  std::vector<LossRecord> log;
  // Whether `log` has every line of a training of ours up to this step: what can be gone on from has; of
  // others the last one is kept.
  bool has_whole_log = false;
};
StoredTrainerState read_trainer_state(const std::filesystem::path& path);

// The losses that it holds. Empty where it is absent.
std::vector<LossRecord> read_trainer_log(const std::filesystem::path& path);

// Leaves the last line of the log alone in a file of ours; a damaged one stays as it is.
void shorten_trainer_log(const std::filesystem::path& path);

}  // namespace zoetrope::store
