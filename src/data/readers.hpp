// SPDX-License-Identifier: Apache-2.0
// One function per scheme of --data; open_dataset picks.
#pragma once

#include <filesystem>
#include <memory>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

std::unique_ptr<Dataset> open_idx(const std::filesystem::path& folder, Split split,
                                  const DatasetOptions& options);
std::unique_ptr<Dataset> open_cifar10(const std::filesystem::path& folder, Split split,
                                      const DatasetOptions& options);
std::unique_ptr<Dataset> open_cifar100(const std::filesystem::path& folder, Split split,
                                       const DatasetOptions& options);
std::unique_ptr<Dataset> open_folder(const std::filesystem::path& folder, Split split,
                                     const DatasetOptions& options);
std::unique_ptr<Dataset> open_webdataset(const std::filesystem::path& folder, Split split,
                                         const DatasetOptions& options);
std::unique_ptr<Dataset> open_parquet(const std::filesystem::path& folder, Split split,
                                      const DatasetOptions& options);

}  // namespace zoetrope::data
