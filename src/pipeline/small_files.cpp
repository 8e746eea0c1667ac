// SPDX-License-Identifier: Apache-2.0
#include "small_files.hpp"

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::pipeline {

namespace {

// Of the weights, as trainer_state.json says; "" where it is damaged, which is said of that file.
std::string digest_in_state(const store::SavedFolder& folder) {
  try {
    return store::read_trainer_state(folder.path / store::kTrainerStateFile).model_digest;
  } catch (const InputError&) {
    return "";
  }
}

// Of three files that name the weights, the one that is alone is another's. Throws InputError.
void require_own_record(const store::SavedFolder& folder) {
  const std::string recorded = store::recorded_model(folder.path);
  const std::string present = store::digest_of_weights(folder.path);
  if (recorded.empty() || present.empty() || recorded == present) return;
  if (digest_in_state(folder) == present)
    throw InputError((folder.path / store::kTrainingRecordFile).string() +
                     ": is of another checkpoint than the files beside it");
}

}  // namespace

std::string problem_of(const store::SavedFolder& folder, const std::string& name) {
  try {
    if (!support::exists(folder.path / name))
      throw InputError((folder.path / name).string() + ": is missing");
    if (name == store::kTrainingRecordFile) {
      require_own_record(folder);
    } else if (name == store::kTrainerStateFile) {
      store::read_own_trainer_state(folder);
    } else {
      store::require_as_written(folder.path, name);
    }
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace zoetrope::pipeline
