// SPDX-License-Identifier: Apache-2.0
// One function per scheme of --data; open_dataset picks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

std::unique_ptr<Dataset> open_idx(const std::filesystem::path& folder, Split split, std::int64_t limit);
std::unique_ptr<Dataset> open_cifar10(const std::filesystem::path& folder, Split split, std::int64_t limit);

}  // namespace zoetrope::data
