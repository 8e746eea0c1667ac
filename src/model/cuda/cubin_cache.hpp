// SPDX-License-Identifier: Apache-2.0
// Compiled kernels, kept from one start of the program to the next.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace zoetrope::model {

// $XDG_CACHE_HOME/zoetrope or ~/.cache/zoetrope; empty where neither variable is set.
std::filesystem::path cache_folder();

class CubinCache {
 public:
  // An empty `folder` keeps nothing.
  explicit CubinCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // What was kept for `key`, a text that says all that the machine code depends on. Nothing where the file is
  // of another key, where it is not what was written, byte for byte, or where somebody else owns it or may
  // write to it: the code runs in this process.
  std::optional<std::string> find(const std::string& key) const;
  // A folder that cannot be written to is no error: the next start compiles again. Returns why, or "".
  std::string keep(const std::string& key, const std::string& cubin) const;

  std::filesystem::path file_of(const std::string& key) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace zoetrope::model
