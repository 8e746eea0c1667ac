// SPDX-License-Identifier: Apache-2.0
// The kinds of file that open_shard() and open_table() tell apart.
#pragma once

#include "shard.hpp"

namespace zoetrope::data {

std::unique_ptr<Shard> open_parquet_shard(const std::filesystem::path& path);
std::unique_ptr<Shard> open_arrow_shard(const std::filesystem::path& path);
std::unique_ptr<Table> open_parquet_table(const std::filesystem::path& path);
std::unique_ptr<Shard> open_tar_shard(const std::filesystem::path& path);

// Types are those that pandas' read_csv gives columns, among them its many words for what is missing.
std::unique_ptr<Table> open_csv_table(const std::filesystem::path& path);
// Types are those that Arrow's reader of JSON gives, but for texts that are times.
std::unique_ptr<Table> open_jsonl_table(const std::filesystem::path& path);

}  // namespace zoetrope::data
