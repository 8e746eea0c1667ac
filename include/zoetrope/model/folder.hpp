// SPDX-License-Identifier: Apache-2.0
// A model on disk: a Hugging Face folder, or a config.json alone for a random start. Weights are read from
// model.safetensors or from the shards of model.safetensors.index.json, in any floating-point type. A folder
// that peft has saved a LoRA adapter in holds the model that its merge_and_unload() makes of the base model,
// whose folder is `base` below: by default the one that adapter_config.json names, here or in the Hugging
// Face cache.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "zoetrope/model/vit.hpp"

namespace zoetrope::model {

// A model folder whose config.json and headers have been read and whose values have not.
class StoredModel {
 public:
  // Every parameter must be there, with its shape. InputError names the tensor otherwise.
  explicit StoredModel(const std::filesystem::path& folder, const std::filesystem::path& base = {});
  ~StoredModel();
  StoredModel(const StoredModel&) = delete;
  StoredModel& operator=(const StoredModel&) = delete;

  const VitConfig& config() const;
  // Of the weights, where the files carry it: see store::SafetensorsFile::digest.
  std::optional<std::string> digest() const;

  // Both read the values once. InputError names a file whose own digest does not hold.
  struct Values {
    Vit model;
    std::string digest;  // of what was read, whether or not the files carry it
  };
  Values read() const;
  void verify() const;  // passes files without a digest unread
  // The classifier alone, of a model with one: float32 [L, F] and [L], and the digest of the weights, for
  // which all files are read to their ends. InputError where a value of it is not finite.
  struct Classifier {
    at::Tensor weight, bias;
    std::string digest;
  };
  Classifier read_classifier() const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

// StoredModel(folder).read().model
Vit load_checkpoint(const std::filesystem::path& folder);

// Whether `folder` holds a model, or an adapter, that load_checkpoint would read. Nothing is opened.
bool has_weights(const std::filesystem::path& folder);

// The adapter's file in a folder without a model of its own. Nothing is opened.
std::optional<std::filesystem::path> find_adapter(const std::filesystem::path& folder);

// Where the classes of the model in `folder` are named, for messages; and what it is, without its weights: an
// adapter's classifier may have other classes than its base's config.json names, which are then LABEL_0 and
// so on. InputError, with what the folder holds in its place, where config.json is missing.
std::filesystem::path config_file(const std::filesystem::path& folder,
                                  const std::filesystem::path& base = {});
VitConfig read_config(const std::filesystem::path& folder, const std::filesystem::path& base = {});

// What weights of a kind that is not read the folder holds, and how to convert them; "" where it holds none.
std::string describe_foreign_weights(const std::filesystem::path& folder);

// The start of a fine-tuning for classes `class_names`. `path`: a folder (weights as above, but a classifier
// that is absent or of another size is initialised from `seed`), or a config.json (all initialised).
// `image_side`: of the images to come; where it is not the configuration's image_size, ViT and DeiT get
// position embeddings interpolated to it once, and config.json says so; DINOv2 interpolates as it goes, as it
// does in transformers. 0: the configuration's.
Vit load_for_fine_tuning(const std::filesystem::path& path, const std::vector<std::string>& class_names,
                         std::uint64_t seed, std::int64_t image_side = 0,
                         const std::filesystem::path& base = {});

// What a folder's weights are, and what would not load, without reading them.
struct WeightReport {
  std::filesystem::path file;  // model.safetensors, or the index of its shards
  std::int64_t num_tensors = 0;
  bool has_classifier = false;        // one that fits config.json; fine-tuning makes a new one otherwise
  std::vector<std::string> unused;    // tensors that classification has no use for, such as a pooler's
  std::vector<std::string> problems;  // one sentence per tensor that is missing, unexpected or mis-shaped
};
WeightReport check_weights(const std::filesystem::path& folder, const std::filesystem::path& base = {});

// Writes config.json and model.safetensors into `folder`, which exists. Returns the digest of the weights.
std::string save_model(const Vit& model, const std::filesystem::path& folder);

// The digest of the weights that save_model would write.
std::string digest_of(const Vit& model);

}  // namespace zoetrope::model
