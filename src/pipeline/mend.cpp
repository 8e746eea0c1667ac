// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/mend.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/run_history.hpp"
#include "zoetrope/store/sealed_json.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/to_integer.hpp"

#include "small_files.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;
using store::SavedFolder;
using support::Json;

namespace {

class Mender {
 public:
  explicit Mender(const store::RunDirectory& run) : run_(run), folders_(store::saved_folders(run)) {
    // Others' checkpoints are as they are.
    std::erase_if(folders_, [](const SavedFolder& folder) {
      return !support::exists(folder.path / store::kTrainingRecordFile);
    });
    to_mend_ = folders_;
  }

  void mend();

 private:
  template <typename Make>
  void mend_each(const char* name, const Make& make) const;
  std::optional<Json> whole_record(const SavedFolder& except) const;
  std::optional<std::string> record_of(const SavedFolder& folder) const;
  std::optional<std::string> copy_of(const SavedFolder& folder, const char* name) const;
  std::optional<std::string> state_of(const SavedFolder& folder) const;
  std::vector<store::LossRecord> log_of(const SavedFolder& folder, std::int64_t logging_steps) const;

  const store::RunDirectory& run_;
  std::vector<SavedFolder> folders_;
  std::vector<SavedFolder> to_mend_;
};

// `make` gives the file's text, or none where nothing knows it.
template <typename Make>
void Mender::mend_each(const char* name, const Make& make) const {
  for (const SavedFolder& folder : to_mend_) {
    const std::string problem = problem_of(folder, name);
    if (problem.empty()) continue;
    std::optional<std::string> text;
    try {
      text = make(folder);
    } catch (const InputError&) {
      // What it would be made of is damaged, too.
    }
    if (!text) continue;
    support::log_warning(problem + "; it is made again from what the run's other files say");
    support::write_file(folder.path / name, *text);
  }
}

// Of any checkpoint: their options are the same.
std::optional<Json> Mender::whole_record(const SavedFolder& except) const {
  for (const SavedFolder& folder : folders_)
    if (folder.path != except.path && problem_of(folder, store::kTrainingRecordFile).empty())
      return store::read_training_record(folder.path);
  return std::nullopt;
}

std::optional<std::string> Mender::record_of(const SavedFolder& folder) const {
  const std::optional<Json> record = whole_record(folder);
  const std::string model_digest = store::digest_of_weights(folder.path);
  if (!record || store::recorded_digest(*record, store::kModelFile).empty() || model_digest.empty())
    return std::nullopt;
  return store::with_recorded_digest(*record, store::kModelFile, model_digest).dump(2) + "\n";
}

std::optional<std::string> Mender::copy_of(const SavedFolder& folder, const char* name) const {
  const auto record = store::read_training_record(folder.path);
  const std::string recorded = record ? store::recorded_digest(*record, name) : "";
  for (const SavedFolder& other : folders_) {
    if (other.path == folder.path || !problem_of(other, name).empty()) continue;
    std::string text = support::read_file(other.path / name);
    if (recorded.empty() || store::digest_of_text(text) == recorded) return text;
  }
  return std::nullopt;
}

// Up to the folder's step. Lines that nothing can read are left out, as a training leaves them out.
std::vector<store::LossRecord> Mender::log_of(const SavedFolder& folder, std::int64_t logging_steps) const {
  std::vector<store::LossRecord> log;
  std::string unread;
  try {
    log = store::read_run_log(run_);
  } catch (const InputError& error) {
    unread = error.what();
    log = store::mend_loss_log(run_.log_csv(), store::newest_log_history(run_)).records;
  }
  std::erase_if(log, [&](const store::LossRecord& line) { return line.step > folder.step; });
  const bool is_whole =
      logging_steps > 0 && log.size() == static_cast<std::size_t>(folder.step / logging_steps);
  if (!unread.empty() && !is_whole)
    support::warn_once(unread + "; " + (folder.path / store::kTrainerStateFile).string() +
                       " is made again without it");
  return log;
}

std::optional<std::string> Mender::state_of(const SavedFolder& folder) const {
  const auto record = store::read_training_record(folder.path);
  const auto epoch_steps = store::steps_per_epoch(run_);
  const auto whole_steps = epoch_steps ? support::to_integer<std::int64_t>(*epoch_steps) : std::nullopt;
  if (!record || !whole_steps || *whole_steps < 1) return std::nullopt;
  const std::string origin = (folder.path / store::kTrainingRecordFile).string();
  const auto option = [&](const char* name) {
    return support::json_get<std::int64_t>(*record, name, origin);
  };
  const store::TrainerState state{folder.step,
                                  static_cast<double>(folder.step) / *epoch_steps,
                                  option("max-steps"),
                                  *whole_steps,
                                  option("logging-steps"),
                                  option("save-steps"),
                                  option("batch-size")};
  std::vector<store::LossRecord> log = log_of(folder, state.logging_steps);
  const bool is_resume_point = support::exists(folder.path / store::kOptimizerFile);
  if (!is_resume_point && log.size() > 1) log.erase(log.begin(), log.end() - 1);
  return store::sealed_trainer_state(store::to_json(state, log),
                                     store::recorded_digest(*record, store::kModelFile))
             .dump(2) +
         "\n";
}

void Mender::mend() {
  mend_each(store::kTrainingRecordFile, [this](const SavedFolder& folder) { return record_of(folder); });
  // Without the record nobody knows what the others have to be.
  std::erase_if(to_mend_, [](const SavedFolder& folder) {
    return !problem_of(folder, store::kTrainingRecordFile).empty();
  });
  for (const char* name : store::kUnsealedFiles)
    mend_each(name, [&](const SavedFolder& folder) { return copy_of(folder, name); });
  mend_each(store::kTrainerStateFile, [this](const SavedFolder& folder) { return state_of(folder); });
}

// A training writes log.csv anew at its beginning; others read it as it should be.
void warn_of_log(const store::RunDirectory& run) {
  const store::LogHistory history = store::newest_log_history(run);
  if (!history.is_exact || !support::exists(run.log_csv())) return;
  if (const auto mended = store::mend_loss_log(run.log_csv(), history); !mended.damage.empty())
    support::log_warning(mended.damage + "; it is read as the checkpoint of step " +
                         std::to_string(history.last) + " has it (zoetrope run writes it again)");
}

}  // namespace

void mend(const store::RunDirectory& run, bool trains) {
  Mender(run).mend();
  if (!trains) warn_of_log(run);
}

}  // namespace zoetrope::pipeline
