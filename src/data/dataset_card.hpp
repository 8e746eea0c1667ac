// SPDX-License-Identifier: Apache-2.0
// The card of a data set: README.md, whose YAML may say which configurations it has and which files are
// theirs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zoetrope/support/json.hpp"

namespace zoetrope::data {

struct CardConfig {
  std::string name;
  std::string folder;  // "data_dir", relative; empty: the data set's own
  // Each split with its patterns, relative to the folder; none where names tell.
  std::vector<std::pair<std::string, std::vector<std::string>>> data_files;
  bool is_default = false;
  std::string unsupported;  // "drop_labels": true, of what changes what `datasets` reads; else empty
};

// What stands under a key of the card, null where nothing does, and the file that says so.
struct CardValue {
  support::Json value;
  std::string origin;
};

// Of the YAML at the head of README.md, or of .huggingface.yaml, which comes first. Throws InputError naming
// the file where `datasets` could not read it, either.
CardValue card_value(const std::filesystem::path& folder, const std::string& key);
// The same of a README.md's text.
CardValue readme_value(std::string_view readme, const std::string& key, const std::string& origin);

// Of the key "configs". Throws InputError on what `datasets` refuses, too.
std::vector<CardConfig> card_configs(const CardValue& configs);

}  // namespace zoetrope::data
