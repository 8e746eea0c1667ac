// SPDX-License-Identifier: Apache-2.0
#include "sealed.hpp"

#include <algorithm>
#include <string>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::embed {

namespace fs = std::filesystem;

bool is_embedded(const fs::path& checkpoint_folder, const store::EmbeddingsIdentity& identity) {
  const fs::path path = checkpoint_folder / store::embeddings_file_of(identity.split);
  if (!support::exists(path)) return false;
  try {
    if (store::read_identity(checkpoint_folder, identity.split) != identity) return false;
    store::verify_embeddings(checkpoint_folder, identity.split);
    return true;
  } catch (const InputError& damage) {
    support::log_warning(std::string(damage.what()) + "; the model is there, and it is made again");
  }
  support::remove_file(path);
  return false;
}

namespace {

// What training would go on from that is newer than `step`: without it, it comes to that step again.
std::string newer_resume_points(const store::RunDirectory& run, std::int64_t step) {
  std::string names;
  const auto add = [&](const fs::path& folder) {
    names += (names.empty() ? "" : ", ") + folder.filename().string();
  };
  const auto steps = run.checkpoint_steps();
  for (const std::int64_t other : steps)
    if (other > step && (support::exists(run.optimizer(other)) ||
                         (other == steps.back() && support::exists(run.model(other)))))
      add(run.checkpoint(other));
  for (const std::int64_t other : run.resume_steps())
    if (other > step) add(run.resume(other));
  return names;
}

}  // namespace

std::string way_out_without_model(const store::RunDirectory& run, std::int64_t step) {
  const std::string name = run.checkpoint(step).filename().string();
  const std::string newer = newer_resume_points(run, step);
  const std::int64_t older = run.newest_resume_point(step - 1);
  std::string text = "restore it from a copy, or delete " + name + " to go on without its frame";
  if (!newer.empty())
    text += ", or delete " + newer + ": zoetrope run then trains again from " +
            (older < 0 ? "the start" : "step " + std::to_string(older)) + " and comes to the same frames";
  return text;
}

bool had_training_images(const store::RunDirectory& run) {
  return std::ranges::any_of(run.checkpoint_steps(), [&](std::int64_t step) {
    return support::exists(run.train_embeddings(step)) && !model::has_weights(run.checkpoint(step));
  });
}

namespace {

store::EmbeddingsIdentity read_whole(const store::RunDirectory& run, std::int64_t step,
                                     store::EmbeddedSplit split) {
  const std::string path = (run.checkpoint(step) / store::embeddings_file_of(split)).string();
  const auto identity = store::read_identity(run.checkpoint(step), split);
  if (identity.step != step)
    throw InputError(path + ": is of step " + std::to_string(identity.step) + ", not of its folder's");
  const std::string model = store::recorded_model(run.checkpoint(step));
  if (!model.empty() && identity.model_digest != model)
    throw InputError(path + ": is of other weights than the checkpoint's were");
  store::verify_embeddings(run.checkpoint(step), split);
  return identity;
}

}  // namespace

void require_embeddings(const store::RunDirectory& run, std::int64_t step, const ExtractionInput& input) {
  const fs::path path = run.checkpoint(step) / store::embeddings_file_of(input.split);
  const bool is_training = input.split == store::EmbeddedSplit::kTrain;
  const std::string without = is_training ? " (or --split test goes on without training images)" : "";
  store::EmbeddingsIdentity identity;
  try {
    identity = read_whole(run, step, input.split);
  } catch (const InputError& damage) {
    if (!support::exists(path))
      if (const std::string others = model::describe_foreign_weights(run.checkpoint(step)); !others.empty())
        throw InputError(others);
    if (is_training && !support::exists(path) && !had_training_images(run))
      throw InputError(std::string(damage.what()) +
                       "; its model is no longer there to make it: " + kWayOutWithoutTrainingImages);
    throw InputError(std::string(damage.what()) + "; its model is no longer there to make it again: " +
                     way_out_without_model(run, step) + without);
  }
  if (identity.dataset_digest != input.dataset_digest)
    throw InputError(path.string() + ": was made from other images than --data" +
                     (is_training ? ", --train-sample and --seed give" : " gives") +
                     ", and the model is no longer there to make it again: give those, or another --run" +
                     without);
}

bool has_embeddings(const fs::path& checkpoint_folder, store::EmbeddedSplit split,
                    const std::string& dataset_digest) {
  try {
    const auto identity = store::read_identity(checkpoint_folder, split);
    if (identity.dataset_digest != dataset_digest ||
        identity.model_digest != store::recorded_model(checkpoint_folder))
      return false;
    store::verify_embeddings(checkpoint_folder, split);
    return true;
  } catch (const InputError&) {
    return false;  // the model makes them
  }
}

void seal_unless_asked(const fs::path& checkpoint_folder, const store::EmbeddingsIdentity& identity) {
  try {
    const support::Interruptible until_asked;
    store::seal(checkpoint_folder, identity);
  } catch (const Interrupted&) {
    // Nothing is lost but the joining.
  }
}

}  // namespace zoetrope::embed
