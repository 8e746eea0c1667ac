// SPDX-License-Identifier: Apache-2.0
// Which files of a folder are the shards of a split.
#pragma once

#include <filesystem>
#include <vector>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

// Sorted, by the split's usual names or by those of the options.
struct SplitShards {
  std::vector<std::filesystem::path> own;
  std::vector<std::filesystem::path> others;  // the other split's; empty where it has none
};

// Of the files below `folder`, without hidden ones; with a warning where names tell of more shards. Throws
// InputError where the split has none, where its shards are of several configurations, or where some but not
// all are the other split's too.
SplitShards find_shards(const std::filesystem::path& folder, Split split, const DatasetOptions& options);

}  // namespace zoetrope::data
