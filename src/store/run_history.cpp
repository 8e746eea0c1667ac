// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/run_history.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/safetensors.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/to_integer.hpp"

#include "loss_log_file.hpp"
#include "number_checks.hpp"

namespace zoetrope::store {

namespace fs = std::filesystem;

namespace {

bool are_alike(double steps, double others) {
  return std::abs(steps - others) < 1e-6 * steps;
}

// As if it were not there where it is damaged or another's.
StoredTrainerState read_if_whole(const SavedFolder& folder) {
  try {
    return read_own_trainer_state(folder);
  } catch (const InputError&) {
    // Whoever depends on it says so.
  }
  return {};
}

// Steps of an epoch, of a step and its epoch; a training counts whole steps. None where that is no number of
// steps.
std::optional<double> ratio(std::int64_t step, double epoch) {
  if (step <= 0 || !(epoch > 0) || !std::isfinite(epoch)) return std::nullopt;
  const double steps = static_cast<double>(step) / epoch;
  if (!(steps >= 0.5 && steps <= static_cast<double>(kMostSteps))) return std::nullopt;
  const double whole = std::round(steps);
  return are_alike(steps, whole) ? whole : steps;
}

// What more of them say than anything else; none where as many say something else.
std::optional<double> most_said(std::vector<double> ratios) {
  std::ranges::stable_sort(ratios);
  std::optional<double> said;
  std::ptrdiff_t most = 0;
  for (auto first = ratios.begin(); first != ratios.end();) {
    const auto end =
        std::find_if_not(first, ratios.end(), [&](double one) { return are_alike(one, *first); });
    if (end - first == most) said.reset();
    if (end - first > most) said = *first, most = end - first;
    first = end;
  }
  return said;
}

// What the lines of log.csv agree on.
std::optional<double> ratio_in_log(const std::filesystem::path& path) {
  const std::vector<LossRecord> log = mend_loss_log(path, {}).records;
  std::vector<double> ratios;
  for (const LossRecord& line : log)
    if (const auto known = ratio(line.step, line.epoch)) ratios.push_back(*known);
  const auto said = most_said(ratios);
  for (const LossRecord& line : log) {
    const auto known = ratio(line.step, line.epoch);
    if (line.step <= 0 || (known && said && are_alike(*known, *said))) continue;
    support::warn_once(path.string() + ": the line of step " + std::to_string(line.step) + " says epoch " +
                       support::Json(line.epoch).dump() + ", " +
                       (said
                            ? "which the other lines do not agree with; it is passed over"
                            : "from which, and the other lines, how many steps an epoch has cannot be told"));
    break;
  }
  return said;
}

// Whether any of its checkpoints is of a training of ours, which also writes log.csv.
bool is_trained_here(const RunDirectory& run) {
  const auto folders = saved_folders(run);
  return folders.empty() || std::ranges::any_of(folders, [](const SavedFolder& folder) {
           return support::exists(folder.path / kTrainingRecordFile) || read_if_whole(folder).is_ours;
         });
}

}  // namespace

std::vector<SavedFolder> saved_folders(const RunDirectory& run) {
  std::vector<SavedFolder> folders;
  for (const std::int64_t step : run.checkpoint_steps()) folders.push_back({step, run.checkpoint(step)});
  for (const std::int64_t step : run.resume_steps()) folders.push_back({step, run.resume(step)});
  return folders;
}

std::string digest_of_weights(const fs::path& folder) {
  try {
    const fs::path model = folder / kModelFile;
    if (support::exists(model)) return SafetensorsFile(model).digest().value_or("");
    return read_identity(folder).model_digest;
  } catch (const InputError&) {
    return "";
  }
}

StoredTrainerState read_own_trainer_state(const SavedFolder& folder) {
  const fs::path path = folder.path / kTrainerStateFile;
  StoredTrainerState state = read_trainer_state(path);
  if (state.step >= 0 && state.step != folder.step)
    throw InputError(path.string() + ": is of step " + std::to_string(state.step) + ", not of its folder's");
  if (!state.is_ours) return state;
  const std::string recorded = recorded_model(folder.path);
  if (recorded.empty() || state.model_digest == recorded ||
      state.model_digest == digest_of_weights(folder.path))
    return state;
  throw InputError(path.string() + ": is of other weights than those that were written with it");
}

LogHistory newest_log_history(const RunDirectory& run) {
  auto folders = saved_folders(run);
  std::ranges::stable_sort(folders, std::greater(), &SavedFolder::step);
  for (const SavedFolder& folder : folders) {
    StoredTrainerState state = read_if_whole(folder);
    if (state.has_whole_log && folder.step > 0) return {std::move(state.log), folder.step, true};
  }
  return {};
}

std::vector<LossRecord> read_unmended_log(const RunDirectory& run) {
  try {
    return read_loss_log(run.log_csv());
  } catch (const InputError& error) {
    if (is_trained_here(run) || has_own_header(run.log_csv())) throw;
    support::warn_once(
        run.log_csv().string() +
        ": is passed over, as it is no log of zoetrope's; the losses are those of the newest " +
        "checkpoint's " + std::string(kTrainerStateFile));
    return {};
  }
}

namespace {

// The article's log says of each line the epoch alone. A line without a step is passed over.
std::vector<LossRecord> with_steps(std::vector<LossRecord> log, const std::optional<double>& per_epoch,
                                   const fs::path& path) {
  if (!per_epoch) return log;
  for (LossRecord& record : log) {
    const auto step = support::to_integer<std::int64_t>(std::round(record.epoch * *per_epoch));
    if (step && is_step(*step))
      record.step = *step;
    else
      support::warn_once(path.string() + ": the line of epoch " + support::Json(record.epoch).dump() +
                         " is of no step that a training comes to; it is passed over");
  }
  return log;
}

}  // namespace

std::vector<LossRecord> read_run_log(const RunDirectory& run) {
  const LogHistory history = newest_log_history(run);
  if (history.is_exact) {
    MendedLog mended = mend_loss_log(run.log_csv(), history);
    if (!mended.unread.empty()) throw InputError(mended.unread);
    return std::move(mended.records);
  }
  std::vector<LossRecord> log = read_unmended_log(run);
  const auto steps = run.checkpoint_steps();
  const bool has_steps = std::ranges::any_of(log, [](const LossRecord& record) { return record.step > 0; });
  if (has_steps || steps.empty()) return log;
  auto trainer_log = read_trainer_log(run.trainer_state(steps.back()));
  if (trainer_log.empty()) return with_steps(std::move(log), steps_per_epoch(run), run.log_csv());
  if (!log.empty())
    support::warn_once(run.log_csv().string() + ": is passed over, as its lines name no steps; the losses " +
                       "are those of the newest checkpoint's " + std::string(kTrainerStateFile));
  return trainer_log;
}

std::optional<double> steps_per_epoch(const RunDirectory& run) {
  for (const SavedFolder& folder : saved_folders(run))
    if (const auto known = ratio(folder.step, read_if_whole(folder).epoch)) return known;
  for (const std::int64_t step : run.checkpoint_steps())
    if (const auto sealed = sealed_identity(run.checkpoint(step)); sealed && sealed->step == step)
      if (const auto known = ratio(step, sealed->epoch)) return known;
  return ratio_in_log(run.log_csv());
}

double epoch_of(const RunDirectory& run, std::int64_t step) {
  std::optional<InputError> damage;
  try {
    const StoredTrainerState state = read_own_trainer_state({step, run.checkpoint(step)});
    if (state.is_there) return state.epoch;
  } catch (const InputError& error) {
    damage = error;
  }
  if (step == 0) return 0;
  if (const auto known = steps_per_epoch(run)) return static_cast<double>(step) / *known;
  if (damage) throw InputError(*damage);
  return 0;
}

}  // namespace zoetrope::store
