// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/folder.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "adapter.hpp"
#include "architecture.hpp"
#include "family.hpp"
#include "foreign_weights.hpp"
#include "positions.hpp"
#include "weight_files.hpp"
#include "weight_match.hpp"

namespace zoetrope::model {

namespace fs = std::filesystem;

namespace {

VitConfig read_config_file(const fs::path& path) {
  return VitConfig::from_json(support::read_python_json(path), path.string());
}

// How many classes the adapter's own classifier has; 0 where it has none for such a model.
std::int64_t classes_of(const Adapter& adapter, const VitConfig& base) {
  const auto found = adapter.changes().find(std::string(kClassifier) + "weight");
  if (found == adapter.changes().end() || found->second.whole.empty()) return 0;
  const auto shape = adapter.file().shape(found->second.whole);
  return shape.size() == 2 && shape[1] == base.num_classifier_inputs() ? shape[0] : 0;
}

// One line, however many tensors are at fault.
void require_no_problems(const std::vector<std::string>& problems, const fs::path& file) {
  if (problems.empty()) return;
  const std::string more = problems.size() == 1 ? ""
                                                : " (and " + std::to_string(problems.size() - 1) +
                                                      " more: zoetrope inspect lists them)";
  throw InputError(file.string() + ": " + problems.front() + more);
}

// A bare encoder's config.json counts classes, too: transformers' default ones. A DeiT that was distilled has
// two classifiers, the one on its second token.
void leave_out_absent_classifier(VitConfig& config, const WeightFiles& files) {
  bool has_teachers = false;
  for (const std::string& name : files.names()) {
    if (name.starts_with(kClassifier)) return;
    has_teachers = has_teachers || name.starts_with("distillation_classifier.");
  }
  if (config.num_labels() > 0)
    support::log_info(files.path().string() +
                      (has_teachers ? ": has the two classifiers of a distillation, which are left out"
                                    : ": holds no classifier") +
                      ": images are embedded, not classified");
  config.id2label.clear();
}

// The files' description may differ from the model's in classes and image size. Returns the files' digest.
std::string read_values(Vit& model, const VitConfig& stored, const WeightFiles& files,
                        const WeightMatch& match) {
  const c10::NoGradGuard no_grad;
  const std::string prefix = names_of(stored.family).prefix;
  const auto space_for = [&](const std::string& name) { return at::empty(files.shape(name), at::kFloat); };
  std::map<std::string, at::Tensor> destinations;
  at::Tensor positions, original_positions;  // where these are of another image size
  for (auto& [name, view] : named_views(model.parameters(), model.flat())) {
    const auto found = match.stored.find(name);
    if (found == match.stored.end()) continue;  // a new classifier
    at::Tensor& destination = destinations[found->second] = view;
    if (name != prefix + names_of(stored.family).positions || stored.image_size == model.config().image_size)
      continue;
    positions = view;
    original_positions = destination = space_for(found->second);
  }
  for (const std::string& name : match.extra_tensors) {
    destinations[name] = space_for(name);
    model.extra_tensors.emplace_back(name.starts_with(prefix) ? name : prefix + name, destinations[name]);
  }
  std::string digest = files.read(destinations);
  if (positions.defined()) {
    const std::int64_t grid = model.config().grid();
    positions.copy_(interpolate_positions(stored, original_positions, grid, grid).view_as(positions));
  }
  return digest;
}

Vit load_with_new_classifier(const WeightFiles& files, const VitConfig& stored, VitConfig wanted,
                             std::uint64_t seed) {
  const c10::NoGradGuard no_grad;
  WeightMatch match = match_weights(stored, describe(stored).parameters, files);
  require_no_problems(match.problems, files.path());
  Vit model(std::move(wanted));
  if (stored.num_labels() != model.config().num_labels() || !match.classifier.empty()) {
    std::erase_if(match.stored, [](const auto& entry) { return entry.first.starts_with(kClassifier); });
    initialize(model, seed, kClassifier);
  }
  read_values(model, stored, files, match);
  return model;
}

// Trainer leaves this in a model that it has trained on one class per image.
void describe_training(VitConfig& config) {
  config.other["problem_type"] = kOneClassPerImage;
}

// A folder beside it that may not be entered says nothing.
bool seems_adapter(const fs::path& folder) {
  try {
    return Adapter::is_in(folder);
  } catch (const RunError&) {
    return false;
  }
}

// peft gives an adapter that is not called "default" a folder of its name.
void refuse_named_adapter(const fs::path& folder) {
  for (const std::string& name : support::names_in(folder))
    if (seems_adapter(folder / name))
      throw InputError(folder.string() + ": holds no model, but an adapter in its folder " + name +
                       ", as peft saves it under another name than \"default\"; move its files into " +
                       folder.string() + " itself");
}

}  // namespace

// Everything is checked before memory is taken for it.
struct StoredModel::State {
  State(const fs::path& folder, const fs::path& base)
      : config(read_config(folder, base)), files(folder, base) {
    leave_out_absent_classifier(config, files);
    match = match_weights(config, describe(config).parameters, files);
    require_no_problems(match.problems, files.path());
    require_no_problems(match.classifier, files.path());
  }

  VitConfig config;
  WeightFiles files;
  WeightMatch match;
};

StoredModel::StoredModel(const fs::path& folder, const fs::path& base)
    : state_(std::make_unique<const State>(folder, base)) {}
StoredModel::~StoredModel() = default;

const VitConfig& StoredModel::config() const {
  return state_->config;
}

std::optional<std::string> StoredModel::digest() const {
  return state_->files.digest();
}

StoredModel::Values StoredModel::read() const {
  Values values{Vit(state_->config), {}};
  values.digest = read_values(values.model, state_->config, state_->files, state_->match);
  return values;
}

StoredModel::Classifier StoredModel::read_classifier() const {
  const VitConfig& of = config();
  Classifier classifier{at::empty({of.num_labels(), of.num_classifier_inputs()}, at::kFloat),
                        at::empty({of.num_labels()}, at::kFloat),
                        {}};
  const auto& stored = state_->match.stored;
  const std::string name = kClassifier;
  const std::map<std::string, at::Tensor> wanted = {{stored.at(name + "weight"), classifier.weight},
                                                    {stored.at(name + "bias"), classifier.bias}};
  classifier.digest = state_->files.read(wanted);
  if (!at::isfinite(classifier.weight).all().item<bool>() ||
      !at::isfinite(classifier.bias).all().item<bool>())
    throw InputError(state_->files.path().string() + ": holds a classifier that is not finite");
  return classifier;
}

void StoredModel::verify() const {
  state_->files.verify();
}

Vit load_checkpoint(const fs::path& folder) {
  return StoredModel(folder).read().model;
}

bool has_weights(const fs::path& folder) {
  return WeightFiles::are_in(folder) || Adapter::is_in(folder);
}

std::optional<fs::path> find_adapter(const fs::path& folder) {
  return Adapter::is_in(folder) ? std::optional(folder / kAdapterFile) : std::nullopt;
}

fs::path config_file(const fs::path& folder, const fs::path& base) {
  if (support::is_listed(folder / store::kModelConfigFile)) return folder / store::kModelConfigFile;
  if (WeightFiles::are_in(folder))
    throw InputError(
        folder.string() +
        ": holds weights, and no config.json that says of what model, which Trainer writes for models of "
        "transformers alone; write it in Python: model.config.save_pretrained(folder)");
  if (!Adapter::is_in(folder)) {
    refuse_named_adapter(folder);
    refuse_foreign_weights(folder, store::kModelConfigFile);
  }
  return config_file(base_of(folder, base));
}

VitConfig read_config(const fs::path& folder, const fs::path& base) {
  VitConfig config = read_config_file(config_file(folder, base));
  if (!Adapter::is_in(folder)) return config;
  const std::int64_t classes = classes_of(Adapter(folder), config);
  if (classes != 0 && classes != config.num_labels()) config.id2label = default_labels(classes);
  return config;
}

Vit load_for_fine_tuning(const fs::path& path, const std::vector<std::string>& class_names,
                         std::uint64_t seed, std::int64_t image_side, const fs::path& base) {
  const bool is_folder = support::is_directory(path);
  const VitConfig stored = is_folder ? read_config(path, base) : read_config_file(path);
  require_one_class_per_image(stored, (is_folder ? config_file(path, base) : path).string());
  VitConfig wanted = stored;
  wanted.id2label = class_names;
  if (image_side > 0 && !stored.is_dinov2()) wanted.image_size = image_side;
  describe_training(wanted);
  if (is_folder) return load_with_new_classifier(WeightFiles(path, base), stored, std::move(wanted), seed);
  Vit model(std::move(wanted));
  initialize(model, seed);
  return model;
}

WeightReport check_weights(const fs::path& folder, const fs::path& base) {
  const VitConfig config = read_config(folder, base);
  const WeightFiles files(folder, base);
  WeightMatch match = match_weights(config, describe(config).parameters, files);
  const bool has_classifier = config.num_labels() > 0 && match.classifier.empty();
  return {files.path(), static_cast<std::int64_t>(files.names().size()), has_classifier,
          std::move(match.unused), std::move(match.problems)};
}

namespace {

store::NamedTensors tensors_of(const Vit& model) {
  store::NamedTensors tensors = named_views(model.parameters(), model.flat().detach());
  tensors.insert(tensors.end(), model.extra_tensors.begin(), model.extra_tensors.end());
  return tensors;
}

const std::map<std::string, std::string> kMetadata = {{"format", "pt"}};

}  // namespace

std::string save_model(const Vit& model, const fs::path& folder) {
  support::write_file(folder / store::kModelConfigFile, model.config().to_json().dump(2) + "\n");
  return store::write_safetensors(folder / store::kModelFile, tensors_of(model), kMetadata);
}

std::string digest_of(const Vit& model) {
  return store::digest_of(tensors_of(model), kMetadata);
}

}  // namespace zoetrope::model
