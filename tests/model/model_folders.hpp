// SPDX-License-Identifier: Apache-2.0
// Model folders that a test changes before it reads them.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "zoetrope/store/safetensors.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

#include "tensors.hpp"

namespace zoetrope::model {

// A scratch copy of a golden model's folder.
inline std::filesystem::path copy_of(const std::string& name) {
  const auto folder = testing::scratch_folder();
  for (const auto& entry : std::filesystem::directory_iterator(testing::golden(name)))
    std::filesystem::copy_file(entry.path(), folder / entry.path().filename());
  return folder;
}

inline void change_json(const std::filesystem::path& path,
                        const std::function<void(support::Json&)>& change) {
  support::Json json = support::read_json(path);
  change(json);
  support::write_file(path, json.dump());
}

// Rewrites a file with what `change` returns for each tensor; an undefined tensor is left out.
inline void change_tensors(const std::filesystem::path& path,
                           const std::function<at::Tensor(const std::string&, at::Tensor)>& change) {
  store::NamedTensors changed;
  {
    const store::SafetensorsFile file(path);
    for (const std::string& name : file.names())
      if (at::Tensor tensor = change(name, file.view(name).clone()); tensor.defined())
        changed.emplace_back(name, tensor);
  }
  store::write_safetensors(path, changed, {});
}

}  // namespace zoetrope::model
