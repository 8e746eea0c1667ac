// SPDX-License-Identifier: Apache-2.0
#include "run_folder.hpp"

#include <algorithm>
#include <string_view>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;

namespace {

constexpr const char* kCheckpoint = "checkpoint-<step>";
constexpr const char* kWhereCheckpointsAreFrom =
    "run zoetrope finetune first, or give --run the output folder of a Hugging Face Trainer";

bool holds_model(const fs::path& folder) {
  return model::has_weights(folder) || !model::describe_foreign_weights(folder).empty();
}

bool is_checkpoint_name(std::string_view name) {
  constexpr std::string_view kStart = "checkpoint-";
  return name.starts_with(kStart) && name.size() > kStart.size() &&
         name.find_first_not_of("0123456789", kStart.size()) == std::string_view::npos &&
         (name[kStart.size()] != '0' || name.size() == kStart.size() + 1);
}

bool holds_checkpoints(const fs::path& folder) {
  return std::ranges::any_of(support::names_in(folder), is_checkpoint_name);
}

fs::path plain_path(const fs::path& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  return path.has_filename() ? path : path.parent_path();  // behind a slash at its end is no name
}

std::string what_is_meant(const fs::path& run) {
  const fs::path above = plain_path(run).parent_path();
  if (holds_model(run) || is_checkpoint(run))
    return holds_checkpoints(above)
               ? "it is a checkpoint itself: give the folder above, --run " + above.string()
               : std::string(
                     "it is a model's folder: zoetrope run --model takes it, and gets a --run of its own");
  for (const std::string& name : support::names_in(run))
    if (holds_checkpoints(run / name))
      return "the folder " + name + " in it does: give --run " + (run / name).string();
  for (const std::string& name : support::names_in(run))
    if (holds_model(run / name))
      return "the folder " + name + " in it holds a model: call it " + kCheckpoint +
             ", with its step's number";
  return kWhereCheckpointsAreFrom;
}

}  // namespace

bool is_checkpoint(const fs::path& folder) {
  return is_checkpoint_name(plain_path(folder).filename().string()) &&
         (support::is_listed(folder / store::kEmbeddingsFile) ||
          support::is_listed(folder / store::kTrainerStateFile) || holds_model(folder));
}

void refuse_without_checkpoints(const fs::path& run) {
  std::string hint = kWhereCheckpointsAreFrom;
  try {
    hint = what_is_meant(run);
  } catch (const RunError&) {
    // A folder beside it that cannot be looked into is no reason to say less of this one.
  }
  throw InputError(run.string() + ": holds no " + kCheckpoint + " folder; " + hint);
}

void warn_of_other_checkpoints(const fs::path& run) {
  std::string others;
  for (const std::string& name : support::names_in(run))
    if (name.starts_with("checkpoint") && !is_checkpoint_name(name) && holds_model(run / name))
      others += (others.empty() ? "" : ", ") + name;
  if (!others.empty())
    support::log_warning(run.string() + ": " + others + ": passed over, as a frame's folder is called " +
                         kCheckpoint + ", with its step's number");
}

}  // namespace zoetrope::pipeline
