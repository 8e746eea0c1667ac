// SPDX-License-Identifier: Apache-2.0
// The card of a data set: README.md, whose YAML may say which configurations it has and which files are
// theirs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zoetrope::data {

struct CardConfig {
  std::string name;
  std::string folder;  // "data_dir", relative; empty: the data set's own
  // Each split with its patterns, relative to the folder; none where names tell.
  std::vector<std::pair<std::string, std::vector<std::string>>> data_files;
  bool is_default = false;
};

// What stands under "configs" in the YAML at the head of README.md, or in .huggingface.yaml, which comes
// first. Throws InputError naming the file where `datasets` could not read it, either.
std::vector<CardConfig> read_card_configs(const std::filesystem::path& folder);

// The same of a README.md's text.
std::vector<CardConfig> card_configs(std::string_view readme, const std::string& origin);

}  // namespace zoetrope::data
