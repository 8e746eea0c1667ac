// SPDX-License-Identifier: Apache-2.0
// Which files of a folder are the shards of a split.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/data/dataset.hpp"

#include "card_features.hpp"

namespace zoetrope::data {

enum class ShardKind { kParquet, kTar };  // with Arrow's own among Parquet

struct SplitShards {
  std::string split;
  std::string other_split;
  std::vector<std::filesystem::path> own;
  std::vector<std::filesystem::path> others;  // the other split's; empty where it has none
  std::filesystem::path folder;               // that they are below
  CardFeatures card;                          // of README.md; without features where it says none
};

// Of a folder, of one that save_to_disk() of `datasets` wrote, or of one file, which is a training split. As
// choose_split(); with a warning where names tell of more shards.
SplitShards find_shards(const std::filesystem::path& given, ShardKind kind, Split split,
                        const DatasetOptions& options);

}  // namespace zoetrope::data
