// SPDX-License-Identifier: Apache-2.0
// Which files of a folder are the shards of a split.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

// All below `folder`, sorted.
std::vector<std::filesystem::path> list_parquet_files(const std::filesystem::path& folder);

// Those of a split by its usual names, or by the one that is given; in order, empty where there are none.
std::vector<std::filesystem::path> shards_of(const std::vector<std::filesystem::path>& files, Split split,
                                             const std::string& given);

// The same of a folder's files, with a warning where names tell of more shards. Throws InputError where there
// are none.
std::vector<std::filesystem::path> find_shards(const std::filesystem::path& folder, Split split,
                                               const std::string& given);

}  // namespace zoetrope::data
