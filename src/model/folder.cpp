// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/folder.hpp"

#include <set>
#include <sstream>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

namespace zoetrope::model {

namespace fs = std::filesystem;

namespace {

constexpr const char* kPrefix = "vit.";
constexpr const char* kClassifier = "classifier.";

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::ostringstream text;
  text << at::IntArrayRef(shape);
  return text.str();
}

VitConfig read_config(const fs::path& path) {
  return VitConfig::from_json(support::read_json(path), path.string());
}

fs::path weights_file(const fs::path& folder) {
  const fs::path weights = folder / "model.safetensors";
  if (fs::exists(weights)) return weights;
  for (const char* pickle : {"pytorch_model.bin", "model.pt", "model.pth"}) {
    if (fs::exists(folder / pickle))
      throw InputError(
          (folder / pickle).string() +
          ": is a pickle, which can run code when read and is not read here; convert it in Python: "
          "AutoModelForImageClassification.from_pretrained(folder).save_pretrained(folder)");
  }
  throw InputError(folder.string() + ": holds no model.safetensors");
}

// The tensor's name in this file: ViTModel files lack the "vit." of ViTForImageClassification's.
std::string name_in(const SafetensorsFile& file, const std::string& name) {
  if (!file.has(name) && name.starts_with(kPrefix)) {
    const std::string bare = name.substr(std::string(kPrefix).size());
    if (file.has(bare)) return bare;
  }
  return name;
}

// Tensors of ViT files that this model has no use for: the pooler, the masked-image-modelling head.
bool is_ignorable(std::string name) {
  if (name.starts_with(kPrefix)) name = name.substr(std::string(kPrefix).size());
  return name.starts_with("pooler.") || name == "embeddings.mask_token" || name.starts_with("decoder.");
}

// Copies every tensor; a classifier that does not fit stays as it is when `new_classifier` allows.
void read_weights(Vit& model, const SafetensorsFile& file, bool new_classifier) {
  const c10::NoGradGuard no_grad;
  std::set<std::string> used;
  for (auto& [name, view] : named_views(model.parameters(), model.flat())) {
    const std::string stored = name_in(file, name);
    used.insert(stored);
    const bool replaceable = new_classifier && name.starts_with(kClassifier);
    if (!file.has(stored)) {
      if (replaceable) continue;
      throw InputError(file.path().string() + ": tensor \"" + name +
                       "\" is missing; config.json asks for it");
    }
    if (file.shape(stored) != view.sizes().vec()) {
      if (replaceable) continue;
      throw InputError(file.path().string() + ": tensor \"" + stored + "\" has shape " +
                       shape_text(file.shape(stored)) + ", config.json asks for " +
                       shape_text(view.sizes().vec()));
    }
    view.copy_(file.view(stored));
  }
  for (const std::string& name : file.names()) {
    if (!used.contains(name) && !is_ignorable(name))
      throw InputError(file.path().string() + ": tensor \"" + name +
                       "\" is not one of a ViT; is config.json another model's?");
  }
}

}  // namespace

Vit load_checkpoint(const fs::path& folder) {
  Vit model(read_config(folder / "config.json"));
  read_weights(model, SafetensorsFile(weights_file(folder)), false);
  return model;
}

Vit load_for_fine_tuning(const fs::path& path, const std::vector<std::string>& class_names,
                         std::uint64_t seed) {
  const bool is_folder = fs::is_directory(path);
  VitConfig config = read_config(is_folder ? path / "config.json" : path);
  config.id2label = class_names;
  Vit model(std::move(config));
  if (is_folder) {
    initialize(model, seed, kClassifier);
    read_weights(model, SafetensorsFile(weights_file(path)), true);
  } else {
    initialize(model, seed);
  }
  return model;
}

void save_model(const Vit& model, const fs::path& folder) {
  support::write_file(folder / "config.json", model.config().to_json().dump(2) + "\n");
  write_safetensors(folder / "model.safetensors", named_views(model.parameters(), model.flat().detach()),
                    {{"format", "pt"}});
}

}  // namespace zoetrope::model
