// SPDX-License-Identifier: Apache-2.0
#include "checkpoint.hpp"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/new_file.hpp"

namespace zoetrope::train {

namespace fs = std::filesystem;
using support::Json;

namespace {

constexpr const char* kFirstMoment = "exp_avg.";
constexpr const char* kSecondMoment = "exp_avg_sq.";
constexpr const char* kSums = "interval.sums";
constexpr const char* kCounts = "interval.counts";

void append_views(store::NamedTensors& tensors, const std::string& prefix, const model::Vit& model,
                  const at::Tensor& flat) {
  for (auto& [name, view] : model::named_views(model.parameters(), flat))
    tensors.emplace_back(prefix + name, view);
}

void write_trainer_state(const fs::path& folder, const CheckpointContent& content,
                         const std::string& model_digest) {
  support::write_file(folder / store::kTrainerStateFile,
                      store::sealed_trainer_state(content.trainer_state, model_digest).dump(2) + "\n");
}

}  // namespace

std::string write_checkpoint(const fs::path& to, const CheckpointContent& content) {
  support::AtomicPath atomic(to);
  const fs::path& folder = atomic.temporary();
  support::create_folders(to.parent_path());
  support::create_new_folder(folder);
  std::string digest = model::save_model(*content.model, folder);
  support::write_file(folder / store::kPreprocessorFile, content.preprocessor.dump(2) + "\n");
  write_trainer_state(folder, content, digest);
  support::write_file(folder / store::kTrainingRecordFile,
                      store::training_record(content.identity, folder, digest).dump(2) + "\n");
  if (content.exp_avg.defined()) write_optimizer(folder, content);
  atomic.commit();
  return digest;
}

void make_resume_point(const fs::path& folder, const CheckpointContent& content,
                       const std::string& model_digest) {
  const std::size_t lines = store::read_trainer_log(folder / store::kTrainerStateFile).size();
  if (lines > 1 || lines < content.trainer_state.at("log_history").size())
    write_trainer_state(folder, content, model_digest);
  write_optimizer(folder, content);
}

void write_optimizer(const fs::path& folder, const CheckpointContent& content) {
  store::NamedTensors tensors;
  append_views(tensors, kFirstMoment, *content.model, content.exp_avg);
  append_views(tensors, kSecondMoment, *content.model, content.exp_avg_sq);
  tensors.emplace_back(kSums, at::tensor({content.sums.loss, content.sums.correct}, at::kDouble));
  tensors.emplace_back(kCounts, at::tensor({content.sums.steps, content.sums.images}, at::kLong));
  store::write_safetensors(folder / store::kOptimizerFile, tensors,
                           {{"step", std::to_string(content.step)}, {"identity", content.identity.dump()}});
}

bool has_optimizer(const fs::path& folder) {
  return support::is_listed(folder / store::kOptimizerFile);
}

ResumePoint read_resume_point(const fs::path& folder, std::int64_t step, const model::Vit& model) {
  const c10::NoGradGuard no_grad;
  const store::SafetensorsFile file(folder / store::kOptimizerFile);
  store::require_own_optimizer(file, step);
  ResumePoint point;
  point.identity = support::parse_json(file.metadata_value("identity"), file.path().string());
  point.exp_avg = at::zeros_like(model.flat());
  point.exp_avg_sq = at::zeros_like(model.flat());
  const at::Tensor sums = at::empty({2}, at::kDouble), counts = at::empty({2}, at::kLong);
  if (file.dtype(kSums) != at::kDouble || file.dtype(kCounts) != at::kLong)
    throw InputError(file.path().string() + ": tensors " + kSums + " and " + kCounts +
                     " are not those of a training");
  store::NamedTensors tensors = {{kSums, sums}, {kCounts, counts}};
  append_views(tensors, kFirstMoment, model, point.exp_avg);
  append_views(tensors, kSecondMoment, model, point.exp_avg_sq);
  file.read({tensors.begin(), tensors.end()});
  point.sums = {sums[0].item<double>(), counts[0].item<std::int64_t>(), sums[1].item<double>(),
                counts[1].item<std::int64_t>()};
  return point;
}

std::optional<Json> read_identity(const fs::path& folder) {
  return store::read_training_record(folder);
}

// Two texts, so that a number compares as it was written.
void require_identity(const fs::path& folder, const Json& stored, const Json& asked) {
  for (const auto& [key, value] : asked.items()) {
    if (!stored.contains(key) || stored.at(key) == value) continue;
    if (key == kImagesKey)
      throw UsageError(folder.string() +
                       " was trained on other images than --data, --train-limit, --train-split, "
                       "--label-column and the other options of the images give now: use the same options to "
                       "go on, or another --run");
    throw UsageError(folder.string() + " was trained with --" + key + " " + stored.at(key).dump() +
                     ", now it is " + value.dump() + ": use the same options to go on, or another --run");
  }
}

namespace {

// As versions before resume-<step> saved what is no frame.
bool is_interruption(const fs::path& folder) {
  if (!has_optimizer(folder)) return false;
  try {
    const store::SafetensorsFile file(folder / store::kOptimizerFile);
    const auto found = file.metadata().find("interruption");
    return found != file.metadata().end() && found->second == "true";
  } catch (const InputError&) {
    return false;  // damaged: kept, and reported by whoever wants to read it
  }
}

}  // namespace

// What cannot be removed now is removed with the next checkpoint.
void prune_checkpoints(const store::RunDirectory& run, std::int64_t newest, const TrainOptions& options) {
  std::error_code ignored;
  const std::int64_t newest_point = run.newest_resume_point(newest);
  std::int64_t points = 0;  // from the newest on
  for (const std::int64_t step : run.resume_steps()) {
    if (step < newest_point) support::remove_folder(run.resume(step));
    if (step == newest_point) points = 1;
  }
  const bool keep_models = options.save == SaveMode::kFull;
  const std::int64_t most = keep_models ? options.keep_optimizer : 1;
  const auto steps = run.checkpoint_steps();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (*step > newest) continue;
    const fs::path folder = run.checkpoint(*step);
    if (*step < newest_point && is_interruption(folder)) {
      support::remove_folder(folder);
      continue;
    }
    if (has_optimizer(folder) && ++points > most) {
      store::shorten_trainer_log(folder / store::kTrainerStateFile);
      fs::remove(folder / store::kOptimizerFile, ignored);
    }
    // A model without embeddings is of an earlier job that kept them all, or was stopped before they were
    // whole.
    if (!keep_models && *step != newest && !has_optimizer(folder) && support::exists(run.model(*step)) &&
        options.is_embedded && options.is_embedded(folder))
      fs::remove(run.model(*step), ignored);
  }
}

}  // namespace zoetrope::train
