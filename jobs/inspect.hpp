// SPDX-License-Identifier: Apache-2.0
// The parts of the inspect job.
#pragma once

#include <filesystem>
#include <string>

#include "zoetrope/support/terminal.hpp"

namespace zoetrope::jobs {

// One line: a name, padded to `width`, and what it is.
inline void print(std::string name, const std::string& value, std::size_t width = 16) {
  name.resize(std::max(name.size(), width), ' ');
  support::print_line("  " + name + " " + value);
}

// `path`: a model's folder, or a config.json. Throws InputError after printing where weights would not load.
void inspect_model(const std::filesystem::path& path);
// `path`: a .safetensors file. Of one beside a config.json, its model; of another, what tensors it holds.
void inspect_weights(const std::filesystem::path& path);

}  // namespace zoetrope::jobs
