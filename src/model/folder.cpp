// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/folder.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "architecture.hpp"
#include "family.hpp"
#include "positions.hpp"
#include "weight_files.hpp"
#include "weight_match.hpp"

namespace zoetrope::model {

namespace fs = std::filesystem;

namespace {

VitConfig read_config(const fs::path& path) {
  return VitConfig::from_json(support::read_json(path), path.string());
}

// One line, however many tensors are at fault.
void require_no_problems(const std::vector<std::string>& problems, const fs::path& file) {
  if (problems.empty()) return;
  const std::string more = problems.size() == 1 ? ""
                                                : " (and " + std::to_string(problems.size() - 1) +
                                                      " more: zoetrope inspect lists them)";
  throw InputError(file.string() + ": " + problems.front() + more);
}

void require_one_classifier(const WeightMatch& match, const WeightFiles& files) {
  if (!match.classifier.empty() && files.has("distillation_classifier.weight"))
    throw InputError(files.path().string() +
                     ": is a DeiTForImageClassificationWithTeacher, whose two classifiers are not supported; "
                     "fine-tune it, or save it in Python as a DeiTForImageClassification");
  require_no_problems(match.classifier, files.path());
}

// The files' description may differ from the model's in classes and image size.
void read_parameters(Vit& model, const VitConfig& stored, const WeightFiles& files,
                     const WeightMatch& match) {
  const std::string positions =
      std::string(names_of(stored.family).prefix) + "embeddings.position_embeddings";
  for (auto& [name, view] : named_views(model.parameters(), model.flat())) {
    const auto found = match.stored.find(name);
    if (found == match.stored.end()) continue;  // a new classifier
    const store::SafetensorsFile& file = files.file_of(found->second);
    if (name == positions && stored.image_size != model.config().image_size) {
      const at::Tensor original = file.view(found->second).to(at::kFloat).clone();
      const std::int64_t grid = model.config().grid();
      view.copy_(interpolate_positions(original, stored.num_prefix_tokens(), grid, grid));
    } else {
      file.copy_to(found->second, view);
    }
  }
}

void read_extra_tensors(Vit& model, const WeightFiles& files, const WeightMatch& match) {
  const std::string prefix = names_of(model.config().family).prefix;
  for (const std::string& stored : match.extra_tensors) {
    const at::Tensor values = files.file_of(stored).view(stored).to(at::kFloat).clone();
    model.extra_tensors.emplace_back(stored.starts_with(prefix) ? stored : prefix + stored, values);
  }
}

// Everything is checked before memory is taken for it.
Vit load_weights(const fs::path& folder, const VitConfig& stored, VitConfig wanted, bool new_classifier,
                 std::uint64_t seed) {
  const c10::NoGradGuard no_grad;
  const WeightFiles files(folder);
  WeightMatch match = match_weights(stored, describe(stored).parameters, files);
  require_no_problems(match.problems, files.path());
  files.verify();
  if (!new_classifier) require_one_classifier(match, files);
  Vit model(std::move(wanted));
  if (stored.num_labels() != model.config().num_labels() || !match.classifier.empty()) {
    std::erase_if(match.stored, [](const auto& entry) { return entry.first.starts_with(kClassifier); });
    initialize(model, seed, kClassifier);
  }
  read_parameters(model, stored, files, match);
  read_extra_tensors(model, files, match);
  return model;
}

// Trainer leaves this in a model that it has trained on one class per image.
void describe_training(VitConfig& config) {
  config.other["problem_type"] = "single_label_classification";
}

}  // namespace

Vit load_checkpoint(const fs::path& folder) {
  const VitConfig config = read_config(folder / "config.json");
  return load_weights(folder, config, config, /*new_classifier=*/false, 0);
}

bool has_weights(const fs::path& folder) {
  return WeightFiles::are_in(folder);
}

Vit load_for_fine_tuning(const fs::path& path, const std::vector<std::string>& class_names,
                         std::uint64_t seed, std::int64_t image_side) {
  const bool is_folder = fs::is_directory(path);
  const VitConfig stored = read_config(is_folder ? path / "config.json" : path);
  VitConfig wanted = stored;
  wanted.id2label = class_names;
  if (image_side > 0 && stored.family != Family::kDinov2) wanted.image_size = image_side;
  describe_training(wanted);
  if (is_folder) return load_weights(path, stored, std::move(wanted), /*new_classifier=*/true, seed);
  Vit model(std::move(wanted));
  initialize(model, seed);
  return model;
}

WeightReport check_weights(const fs::path& folder) {
  const VitConfig config = read_config(folder / "config.json");
  const WeightFiles files(folder);
  WeightMatch match = match_weights(config, describe(config).parameters, files);
  return {files.path(), static_cast<std::int64_t>(files.names().size()), match.classifier.empty(),
          std::move(match.unused), std::move(match.problems)};
}

void save_model(const Vit& model, const fs::path& folder) {
  support::write_file(folder / "config.json", model.config().to_json().dump(2) + "\n");
  store::NamedTensors tensors = named_views(model.parameters(), model.flat().detach());
  tensors.insert(tensors.end(), model.extra_tensors.begin(), model.extra_tensors.end());
  store::write_safetensors(folder / "model.safetensors", tensors, {{"format", "pt"}});
}

}  // namespace zoetrope::model
