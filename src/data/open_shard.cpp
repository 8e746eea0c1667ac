// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "kinds.hpp"
#include "parquet/formats.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

std::string Shard::row_name(int row_group, std::size_t row) const {
  return "row group " + std::to_string(row_group) + ", row " + std::to_string(row);
}

std::unique_ptr<Shard> open_shard(const fs::path& path) {
  const std::string name = path.filename().string();
  if (is_tar(name)) return open_tar_shard(path);
  return is_arrow(name) ? open_arrow_shard(path) : open_parquet_shard(path);
}

std::unique_ptr<Table> open_table(const fs::path& path) {
  if (path.extension() == ".csv") return open_csv_table(path);
  if (path.extension() == ".jsonl") return open_jsonl_table(path);
  return open_parquet_table(path);
}

}  // namespace zoetrope::data
