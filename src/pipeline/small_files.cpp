// SPDX-License-Identifier: Apache-2.0
#include "small_files.hpp"

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/run_ini.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
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

void require_whole_options(const std::filesystem::path& path) {
  const std::string text = support::read_file(path);
  const store::IniCheck check = store::check_run_ini(text);
  using State = store::IniCheck::State;
  if (store::is_blank_ini(text)) throw InputError(path.string() + ": is empty");
  if (check.state == State::kCut)
    throw InputError(path.string() +
                     ": is cut, its last line with the digest is gone; where you have edited it, delete its "
                     "first line");
  if (check.state == State::kFlipped)
    throw InputError(path.string() + ": line " + std::to_string(check.line) + ": \"" + check.line_now +
                     "\" was \"" + check.line_before +
                     "\" when zoetrope wrote it; where the change is yours, delete its first line");
  if (check.state == State::kEdited)
    throw InputError(
        path.string() +
        ": is another than zoetrope wrote, and used as it is: somebody has edited it, who deletes "
        "its first line, or it is damaged");
}

}  // namespace zoetrope::pipeline
