// SPDX-License-Identifier: Apache-2.0
// trainer_state.json of a checkpoint, as Hugging Face's Trainer writes and reads it.
#pragma once

#include <cstdint>
#include <filesystem>
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

// The epoch that it says; 0 where the file is absent or says none.
double read_epoch(const std::filesystem::path& path);

// The losses that it holds. Empty where it is absent.
std::vector<LossRecord> read_trainer_log(const std::filesystem::path& path);

}  // namespace zoetrope::store
