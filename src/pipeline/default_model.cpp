// SPDX-License-Identifier: Apache-2.0
#include "default_model.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/hub_cache.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;

namespace {

fs::path folder_of_program() {
  return fs::read_symlink("/proc/self/exe").parent_path();
}

std::optional<fs::path> find_default_model() {
  for (const char* place : {"models", "../share/zoetrope/models"}) {
    fs::path model = folder_of_program() / place / "fashion-vit";
    if (support::exists(model / store::kModelFile)) return model;
  }
  return std::nullopt;
}

// What asks for a model's config.json alone brings that alone.
void require_weights(const fs::path& snapshot, const std::string& asked) {
  const fs::path weights = snapshot / store::kModelFile;
  const bool is_cut = support::is_listed(weights) && !support::exists(weights);  // a link to nothing
  const bool has_others = !model::describe_foreign_weights(snapshot).empty();
  if (!is_cut && (model::has_weights(snapshot) || has_others)) return;
  throw InputError(snapshot.string() + ": the Hugging Face cache holds " + asked + " without its weights; " +
                   support::download_command(support::HubKind::kModel, asked));
}

}  // namespace

fs::path default_model() {
  if (const auto model = find_default_model()) return *model;
  throw RunError((folder_of_program() / "models").string() + ": is not beside the program; give --model");
}

std::string find_model(const std::string& asked) {
  if (support::exists(asked)) return asked;
  const auto snapshot = support::hub_snapshot(support::HubKind::kModel, asked);
  if (snapshot) require_weights(*snapshot, asked);
  return snapshot ? snapshot->string() : asked;
}

namespace {

void require_place(const std::string& option, const std::string& model) {
  if (support::exists(model)) return;
  const std::string nothing = option + " " + model + ": there is no such folder or file";
  if (!support::may_be_on_hub(support::HubKind::kModel, model)) throw InputError(nothing);
  throw InputError(nothing + ", and " + support::how_to_bring(support::HubKind::kModel, model));
}

}  // namespace

void require_model(const std::string& model) {
  require_place("--model", model);
  constexpr std::array kWeights = {".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5"};
  if (support::is_regular_file(model) && std::ranges::count(kWeights, fs::path(model).extension()) > 0)
    throw InputError("--model " + model + ": is a file of weights; give its folder, --model " +
                     fs::absolute(model).parent_path().string());
  if (!support::is_directory(model) || support::is_listed(fs::path(model) / store::kModelConfigFile)) return;
  const store::RunDirectory run{model};
  const auto steps = run.checkpoint_steps();
  const auto newest = std::find_if(steps.rbegin(), steps.rend(), [&](std::int64_t step) {
    return model::has_weights(run.checkpoint(step));
  });
  if (newest != steps.rend())
    throw InputError("--model " + model + ": is a run, not a model; give one of its checkpoints, --model " +
                     run.checkpoint(*newest).string());
}

std::string find_base(const std::string& asked) {
  std::string base = find_model(asked);
  require_place("--base", base);
  return base;
}

bool is_default_model(const fs::path& path) {
  std::error_code error;  // of a path that is not there
  const auto model = find_default_model();
  return model && fs::equivalent(*model, path, error);
}

}  // namespace zoetrope::pipeline
