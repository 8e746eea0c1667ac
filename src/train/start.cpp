// SPDX-License-Identifier: Apache-2.0
#include "start.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include <c10/core/GradMode.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/run_history.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/train/same_model.hpp"

namespace zoetrope::train {

namespace fs = std::filesystem;

namespace {

constexpr const char* kNothingTrained = "the training has not gone on yet; run the same command again";

// What rank 0 saw: where to start, and the checkpoints after that, which training would write over.
struct Found {
  Start start;
  std::int64_t first_lost = -1;
  std::int64_t newest_lost = -1;  // -1: there are none
  std::string damage;             // of the newest checkpoint that could be gone on from if it were whole
};

StoredTraining read_training(const fs::path& folder, std::int64_t step, bool has_optimizer) {
  StoredTraining stored{model::load_checkpoint(folder), {}};
  if (has_optimizer) stored.point = read_resume_point(folder, step, stored.model);
  return stored;
}

// Weights and optimizer, each whole, of two trainings are no state that one was in.
void require_recorded_weights(const fs::path& folder) {
  const std::string recorded = store::recorded_model(folder);
  if (!recorded.empty() && store::digest_of_weights(folder) != recorded)
    throw InputError((folder / store::kModelFile).string() +
                     ": is damaged: it is not what was written with the checkpoint");
}

// All that training would go on from. InputError where a file of it is damaged.
StoredTraining read_whole(const fs::path& folder, std::int64_t step, bool has_optimizer) {
  StoredTraining stored = read_training(folder, step, has_optimizer);
  for (const char* name : store::kUnsealedFiles)
    if (support::is_listed(folder / name)) store::require_as_written(folder, name);
  if (has_optimizer) require_recorded_weights(folder);
  store::read_own_trainer_state({step, folder});
  return stored;
}

// Of the last step: nothing is left to train that would need the optimizer. None where more is damaged.
std::optional<StoredTraining> read_without_optimizer(const fs::path& folder, std::int64_t step) {
  try {
    StoredTraining stored = read_whole(folder, step, false);
    require_recorded_weights(folder);
    return stored;
  } catch (const InputError&) {
    return std::nullopt;
  }
}

struct Candidate {
  std::int64_t step = 0;
  fs::path folder;
  bool is_frame = false;
};

// From the newest to the oldest.
std::vector<Candidate> candidates(const store::RunDirectory& run, const TrainOptions& options) {
  std::vector<Candidate> all;
  for (const std::int64_t step : run.checkpoint_steps())
    all.push_back({step, run.checkpoint(step), options.is_frame(step)});
  for (const std::int64_t step : run.resume_steps()) all.push_back({step, run.resume(step), false});
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.step > b.step; });
  return all;
}

// Whether a training of these options has written the checkpoint, and so will come to it again.
bool is_of_training(const fs::path& folder, const support::Json& identity) {
  const auto stored = read_identity(folder);
  if (stored) require_identity(folder, *stored, identity);
  return stored.has_value();
}

std::string without_model(const fs::path& folder) {
  return (folder / store::kModelFile).string() + ": is missing beside " + store::kOptimizerFile;
}

// A training with other options would replace it, damaged as it is.
void require_identity_if_known(const fs::path& folder, const support::Json& identity) {
  try {
    is_of_training(folder, identity);
  } catch (const InputError&) {
    // Damaged as well: nothing is known.
  }
}

// Passes over a checkpoint that training could go on from if it were whole.
void pass_over(const Candidate& candidate, const std::string& damage, Found& found) {
  if (found.damage.empty()) found.damage = damage;
  if (!candidate.is_frame) found.start.damaged.push_back(candidate.folder);
}

void start_from(const Candidate& candidate, bool has_optimizer, Start& start) {
  start.step = candidate.step;
  start.folder = candidate.folder;
  start.has_optimizer = has_optimizer;
}

// Whether `found` is complete with this checkpoint, in which `damage` has been found.
bool look_at_damaged(const Candidate& candidate, bool is_done, const std::string& damage, Found& found) {
  if (is_done && has_optimizer(candidate.folder))
    found.start.whole = read_without_optimizer(candidate.folder, candidate.step);
  if (!found.start.whole) {
    pass_over(candidate, damage, found);
    return false;
  }
  support::log_warning(damage + "; the training is finished and does not need it any more");
  found.start.damaged.push_back(candidate.folder / store::kOptimizerFile);
  start_from(candidate, false, found.start);
  return true;
}

// Whether `found` is complete with this checkpoint.
bool look_at(const Candidate& candidate, const TrainOptions& options, const support::Json& identity,
             Found& found) {
  const auto& [step, folder, is_frame] = candidate;
  Start& start = found.start;
  const bool can_go_on = step > 0 && has_optimizer(folder);
  // The last step of all, and the newest: nothing is left to train.
  const bool is_done =
      step == options.max_steps && found.newest_lost < 0 && found.damage.empty() && !start.has_frames;
  try {
    if ((step == 0 || can_go_on || is_done) && model::has_weights(folder)) {
      // With the start alone nothing is trained, and it is made again.
      if (step > 0 || start.has_frames) start.whole = read_whole(folder, step, can_go_on);
      start_from(candidate, can_go_on, start);
      return true;
    }
    if (is_of_training(folder, identity)) {
      if (can_go_on) pass_over(candidate, without_model(folder), found);
      start.has_frames |= is_frame;
      return false;
    }
  } catch (const InputError& error) {
    require_identity_if_known(folder, identity);
    return look_at_damaged(candidate, is_done, error.what(), found);
  }
  if (support::names_in(folder).empty()) return false;
  if (found.newest_lost < 0) found.newest_lost = step;
  found.first_lost = step;
  return false;
}

Found look(const store::RunDirectory& run, const TrainOptions& options, const support::Json& identity) {
  Found found;
  for (const Candidate& candidate : candidates(run, options))
    if (look_at(candidate, options, identity, found)) break;
  return found;
}

std::string name_of(std::int64_t step) {
  return "checkpoint-" + std::to_string(step);
}

[[noreturn]] void refuse(const store::RunDirectory& run, const Found& found) {
  const std::string again = found.start.step < 0 ? "delete its checkpoint folders to train from the beginning"
                                                 : "delete the folders from " + name_of(found.first_lost) +
                                                       " on to train again from " + name_of(found.start.step);
  if (!found.damage.empty())
    throw InputError(
        found.damage + "; " + name_of(found.newest_lost) +
        " and those before it lack what training could go on from instead: restore the file, or " + again);
  throw UsageError(run.checkpoint(found.newest_lost).string() +
                   " lacks its weights or optimizer.safetensors, so training cannot go on from it and would "
                   "replace it: give another --run, or use zoetrope extract, analyze and render for the "
                   "checkpoints as they are, or " +
                   again);
}

void warn_of_damage(const Found& found) {
  if (found.damage.empty()) return;
  support::log_warning(found.damage + "; training " +
                       (found.start.step > 0 ? "goes on from " + found.start.folder.filename().string()
                                             : std::string("begins again")) +
                       " instead");
}

// Whether weights of one can take the place of the other's and mean the same.
bool is_same_model(const model::Vit& a, const model::Vit& b) {
  const model::VitConfig &one = a.config(), &other = b.config();
  return a.flat().numel() == b.flat().numel() && one.family == other.family &&
         one.num_attention_heads == other.num_attention_heads && one.image_size == other.image_size &&
         one.patch_size == other.patch_size && one.hidden_act == other.hidden_act &&
         one.layer_norm_eps == other.layer_norm_eps && one.id2label == other.id2label;
}

// Without the weights of checkpoint-0 other bits of a model of the same name count as the same model.
bool is_start_of(const fs::path& folder, const AskedStart& asked) {
  const std::string recorded = store::recorded_model(folder);
  if (recorded.empty() || recorded == model::digest_of(asked.model)) return true;
  if (!model::has_weights(folder)) return asked.has_name_of_run;
  const c10::NoGradGuard no_grad;
  return are_nearly_equal(model::load_checkpoint(folder), asked.model);
}

// UsageError where the training was begun from another model. What is damaged there is no reason to stop.
void require_own_start(const store::RunDirectory& run, const AskedStart& asked) {
  const fs::path folder = run.checkpoint(0);
  try {
    if (is_start_of(folder, asked)) return;
  } catch (const InputError&) {
    return;
  }
  throw UsageError(folder.string() +
                   " is another model than --model gives now: give the one that the training began with, or "
                   "another --run");
}

}  // namespace

Start agree_on_start(const store::RunDirectory& run, const TrainOptions& options,
                     const support::Json& identity, comm::Communicator& control) {
  Found found;
  comm::do_unless_asked(control, kNothingTrained, [&] {
    if (control.rank() != 0) return;
    support::create_folders(run.root);
    found = look(run, options, identity);
  });
  Start& start = found.start;
  for (std::int64_t* value : {&start.step, &found.first_lost, &found.newest_lost})
    *value = comm::broadcast_scalar(control, *value, 0);
  for (bool* value : {&start.has_optimizer, &start.has_frames})
    *value = comm::broadcast_scalar(control, *value ? 1 : 0, 0) != 0;
  start.folder = comm::broadcast_string(control, start.folder.string(), 0);
  found.damage = comm::broadcast_string(control, found.damage, 0);
  if (found.newest_lost >= 0) refuse(run, found);
  if (control.rank() == 0) warn_of_damage(found);
  return std::move(start);
}

StoredTraining read_start(Start& start, const store::RunDirectory& run, const AskedStart& asked,
                          const support::Json& identity, comm::Communicator& control) {
  comm::do_unless_asked(control, kNothingTrained, [&] {
    if (!start.whole) start.whole = read_training(start.folder, start.step, start.has_optimizer);
  });
  StoredTraining stored = std::move(*start.whole);
  start.whole.reset();
  if (!is_same_model(stored.model, asked.model))
    throw UsageError(start.folder.string() +
                     " holds another model than --model or other classes than --data: use another --run");
  if (start.has_optimizer)
    require_identity(start.folder, stored.point.identity, identity);
  else
    is_of_training(start.folder, identity);
  comm::do_unless_asked(control, kNothingTrained, [&] {
    if (control.rank() == 0) require_own_start(run, asked);
  });
  return stored;
}

std::vector<store::LossRecord> logged_until(const store::RunDirectory& run, std::int64_t step,
                                            const fs::path& folder) {
  if (step <= 0) return {};
  store::StoredTrainerState state;
  if (read_identity(folder)) state = store::read_trainer_state(folder / store::kTrainerStateFile);
  auto mended = store::mend_loss_log(run.log_csv(), {std::move(state.log), step, state.has_whole_log});
  std::erase_if(mended.records, [&](const store::LossRecord& record) { return record.step > step; });
  for (const std::string& problem : {mended.damage, mended.unread})
    if (!problem.empty())
      support::log_warning(problem + "; the log goes on from what the checkpoints have of it");
  return std::move(mended.records);
}

}  // namespace zoetrope::train
