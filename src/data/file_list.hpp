// SPDX-License-Identifier: Apache-2.0
// The files below a folder, as paths relative to it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data_files.hpp"

namespace zoetrope::data {

// Sorted; without those that `datasets` keeps for itself, such as README.md. Folders that links lead to are
// left out with a warning, and so are, unless `with_hidden`, hidden files, and folders with __ before their
// names.
std::vector<std::string> list_files(const std::filesystem::path& folder, const DataKind& kind,
                                    bool with_hidden);

std::vector<std::string> only_data(const std::vector<std::string>& files, const DataKind& kind);

// Those below a folder, relative to that.
std::vector<std::string> files_below(const std::vector<std::string>& files, std::string_view folder);

}  // namespace zoetrope::data
