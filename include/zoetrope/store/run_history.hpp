// SPDX-License-Identifier: Apache-2.0
// What a run's files say of its past where more than one of them knows it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/store/trainer_state.hpp"

namespace zoetrope::store {

// The folders that a training saves in, frames first, each with its step.
struct SavedFolder {
  std::int64_t step = 0;
  std::filesystem::path path;
};
std::vector<SavedFolder> saved_folders(const RunDirectory& run);

// The digest of the weights that lie in a folder, or that the embeddings there were made of; "" where neither
// tells.
std::string digest_of_weights(const std::filesystem::path& folder);

// trainer_state.json of that folder. InputError where it is damaged, or of another step or training.
StoredTrainerState read_own_trainer_state(const SavedFolder& folder);

// The newest log that a checkpoint of ours holds from its first line on. Not exact where there is none.
LogHistory newest_log_history(const RunDirectory& run);

// log.csv, read around what is damaged where newest_log_history() knows better; where there is no log.csv,
// what the checkpoints have of it. InputError where a line cannot be read that nothing else has.
std::vector<LossRecord> read_run_log(const RunDirectory& run);

// log.csv alone. One that cannot be read beside checkpoints of others is somebody else's: it counts as none,
// with a warning.
std::vector<LossRecord> read_unmended_log(const RunDirectory& run);

// How many steps the training's epoch has, as trainer_state.json of other steps, embeddings.h5 and what most
// lines of log.csv tell, at least one half and no more than a training comes to; none where nobody does. A
// line of log.csv that tells something else is warned of.
std::optional<double> steps_per_epoch(const RunDirectory& run);

// The epoch of a checkpoint: trainer_state.json's, and where that is missing or damaged what the others
// imply. 0 where none of them knows of epochs. InputError where it is damaged and nobody else knows.
double epoch_of(const RunDirectory& run, std::int64_t step);

}  // namespace zoetrope::store
