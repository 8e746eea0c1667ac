// SPDX-License-Identifier: Apache-2.0
#include "title.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

namespace zoetrope::pipeline {

namespace fs = std::filesystem;

namespace {

// Folders that data sets are unpacked to, and how the sets are written.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kDataNames = {
    {{"mnist", "MNIST"},
     {"fashion-mnist", "Fashion-MNIST"},
     {"fashion_mnist", "Fashion-MNIST"},
     {"kmnist", "KMNIST"},
     {"emnist", "EMNIST"},
     {"cifar10", "CIFAR-10"},
     {"cifar-10-batches-bin", "CIFAR-10"},
     {"cifar100", "CIFAR-100"},
     {"cifar-100-binary", "CIFAR-100"}}};

// The last part of a path or of a name on the Hub, whether a slash follows or not; of "." the folder's name.
std::string last_part(const std::string& path) {
  if (path.empty()) return "";
  const fs::path normal = fs::absolute(path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

}  // namespace

std::string name_of_data(const std::string& spec) {
  const auto colon = spec.find(':');
  const std::string kind = colon == std::string::npos ? "" : spec.substr(0, colon);
  std::string name = last_part(colon == std::string::npos ? spec : spec.substr(colon + 1));
  if (kind == "cifar10" || kind == "cifar100") name = kind;
  for (const char* ending : {".parquet", ".arrow", ".tar"})
    if (name.ends_with(ending)) name = fs::path(name).stem().string();
  const auto* const known = std::ranges::find(kDataNames, std::string_view(name),
                                              &std::pair<std::string_view, std::string_view>::first);
  return known == kDataNames.end() ? name : std::string(known->second);
}

std::string name_of_model(const std::string& model) {
  if (model.empty()) return "a small ViT";
  fs::path path = fs::path(model).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  if (path.extension() == ".json" || path.extension() == ".safetensors") path = path.parent_path();
  // The Hub's cache: models--owner--name/snapshots/<revision>.
  if (path.parent_path().filename() == "snapshots") {
    const std::string folder = path.parent_path().parent_path().filename().string();
    if (const auto dashes = folder.rfind("--"); dashes != std::string::npos) return folder.substr(dashes + 2);
  }
  if (path.filename().string().starts_with("checkpoint-") && path.has_parent_path())
    path = path.parent_path();
  const std::string name = path.filename().string();
  return name.empty() || name == "." ? "a Vision Transformer" : name;
}

std::string title_of(const Options& options) {
  if (!options.render.title.empty()) return options.render.title;
  if (!options.given.embeddings.empty()) {
    const std::string images = name_of_data(options.given.images);
    return images.empty() ? "Embeddings in training" : "Embeddings of " + images + " in training";
  }
  // Not options.model, which has a default also where another program has trained.
  const auto kept = [&](const char* name) {
    const auto found = std::ranges::find(options.kept, name, &std::pair<std::string, std::string>::first);
    return found == options.kept.end() ? nullptr : &found->second;
  };
  const std::string* const model = kept("model");
  const bool is_ours = kept("learning-rate") != nullptr;  // what zoetrope has trained keeps its options
  const std::string data = name_of_data(options.data.spec);
  return "Fine-tuning " + (is_ours ? name_of_model(model == nullptr ? "" : *model) : "a Vision Transformer") +
         (data.empty() ? "" : " on " + data);
}

}  // namespace zoetrope::pipeline
