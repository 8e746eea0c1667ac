// SPDX-License-Identifier: Apache-2.0
// The folder that save_to_disk() of `datasets` writes, of one data set or of a DatasetDict.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "split_names.hpp"

namespace zoetrope::data {

// Whether the folder is one of these.
bool is_saved_dataset(const std::filesystem::path& folder);

// Its splits with their files, as load_from_disk() has them; nothing where the folder is none of these. One
// data set without a split's name is "train". Throws InputError naming the JSON file that is damaged.
std::optional<std::vector<SplitFiles>> saved_splits(const std::filesystem::path& folder);

}  // namespace zoetrope::data
