// SPDX-License-Identifier: Apache-2.0
// A data set on the Hub may hold several configurations: other images, or the same ones in other ways.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::data {

// The names under "configs:" in the YAML at the head of a README.md.
std::vector<std::string> config_names(const std::string& readme);

// Throws InputError where the shards below `folder`, of one split and of the other, are of more than one
// configuration: README.md names several, or several subfolders have shards of a split and one has both
// splits. `split_names` are those of the splits' own folders.
void refuse_several_configs(const std::filesystem::path& folder,
                            const std::vector<std::filesystem::path>& shards,
                            const std::vector<std::filesystem::path>& other_shards,
                            const std::vector<std::string>& split_names);

}  // namespace zoetrope::data
