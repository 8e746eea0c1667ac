// SPDX-License-Identifier: Apache-2.0
// The tensors of a model folder: model.safetensors, or the shards of model.safetensors.index.json, or those
// of a base model as an adapter changes them. Their names are transformers', also of timm's weights, and
// those of the model alone, without what torch.compile, DistributedDataParallel and FSDP wrap around it, and
// without the module within which Lightning and others keep it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zoetrope/store/safetensors.hpp"

#include "adapter.hpp"

namespace zoetrope::model {

class WeightFiles {
 public:
  // Throws InputError where a file is damaged, where a tensor is in two shards or in another than the index
  // says, where two names are one without their wrapping, where the folder holds other weights only, and
  // where an adapter does not fit its base model, for which see base_of() of adapter.hpp.
  explicit WeightFiles(const std::filesystem::path& folder, const std::filesystem::path& base = {});

  // Whether the folder holds a model, as far as names say.
  static bool are_in(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }  // of the single file, or of the index
  std::vector<std::string> names() const;                      // sorted
  bool are_timms() const { return are_timms_; }                // by their names
  bool has(const std::string& name) const { return places_.contains(name); }
  // InputError where no file holds the tensor.
  std::vector<std::int64_t> shape(const std::string& name) const;
  at::ScalarType dtype(const std::string& name) const;
  // As store::SafetensorsFile's, of every file; of several files their digests with commas.
  std::optional<std::string> digest() const;
  std::string read(const std::map<std::string, at::Tensor>& destinations) const;
  void verify() const;

 private:
  struct Place {
    std::size_t file = 0;
    std::string name;                  // in it
    std::int64_t part = 0, parts = 1;  // of its rows
  };
  void open(const std::filesystem::path& folder);
  void open_shards(const std::filesystem::path& folder);
  void open_adapter(const std::filesystem::path& folder);
  void add_names();
  void add(const std::string& stored, const std::string& module, std::size_t file);
  void add(const std::string& name, const Place& place);
  const Place& place_of(const std::string& name) const;

  std::filesystem::path path_;
  std::vector<store::SafetensorsFile> files_;
  std::map<std::string, Place> places_;
  bool are_timms_ = false;
  std::map<std::string, Adapter::Change> changes_;  // which the last file holds, by the tensors' names here
};

// "vit.encoder.layer.0.norm1.weight" of "module._orig_mod.vit._orig_mod.encoder.layer.0.norm1.weight". No
// model that is read here has parts of such names itself.
std::string without_wrapping(const std::string& name);

}  // namespace zoetrope::model
