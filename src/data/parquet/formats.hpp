// SPDX-License-Identifier: Apache-2.0
// The two kinds of file that open_shard() tells apart.
#pragma once

#include "shard.hpp"

namespace zoetrope::data {

std::unique_ptr<Shard> open_parquet_shard(const std::filesystem::path& path);
std::unique_ptr<Shard> open_arrow_shard(const std::filesystem::path& path);

}  // namespace zoetrope::data
