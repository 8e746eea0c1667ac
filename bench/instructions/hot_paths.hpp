// SPDX-License-Identifier: Apache-2.0
// The work whose instructions are counted: each on made-up input that is the same everywhere, small enough
// for valgrind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace zoetrope::instructions {

struct HotPath {
  std::string name;
  std::function<void()> work;  // the same each time; its input is made beforehand
};

// Files are written to `scratch`.
std::vector<HotPath> training_paths();
std::vector<HotPath> analysis_paths();
std::vector<HotPath> file_paths(const std::filesystem::path& scratch);
std::vector<HotPath> picture_paths(const std::filesystem::path& scratch);

}  // namespace zoetrope::instructions
