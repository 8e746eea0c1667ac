// SPDX-License-Identifier: Apache-2.0
// The tensors of a model folder: model.safetensors, or the shards of model.safetensors.index.json.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zoetrope/store/safetensors.hpp"

namespace zoetrope::model {

class WeightFiles {
 public:
  // Throws InputError where a file is damaged, where a tensor is in two shards or in another than the index
  // says, and where the folder holds a pickle only.
  explicit WeightFiles(const std::filesystem::path& folder);

  // Whether the folder holds what the constructor reads, as far as names say.
  static bool are_in(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }  // of the single file, or of the index
  std::vector<std::string> names() const;                      // sorted
  bool has(const std::string& name) const { return file_of_.contains(name); }
  // The file that holds the tensor. InputError where none does.
  const store::SafetensorsFile& file_of(const std::string& name) const;
  // As store::SafetensorsFile's, of every file; of several files their digests with commas.
  std::optional<std::string> digest() const;
  std::string read(const std::map<std::string, at::Tensor>& destinations) const;
  void verify() const;

 private:
  void open_shards(const std::filesystem::path& folder);

  std::filesystem::path path_;
  std::vector<store::SafetensorsFile> files_;
  std::map<std::string, std::size_t> file_of_;
};

}  // namespace zoetrope::model
