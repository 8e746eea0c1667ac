// SPDX-License-Identifier: Apache-2.0
// In place of shard.cpp in a build without Arrow.
#include "zoetrope/support/error.hpp"

#include "shard.hpp"

namespace zoetrope::data {

struct ParquetShard::Impl {};

ParquetShard::ParquetShard(const std::filesystem::path& path) {
  throw UsageError(
      path.string() +
      ": this program was built without Arrow and cannot read Parquet; run script/bootstrap, which installs "
      "pyarrow, then build again");
}
ParquetShard::~ParquetShard() = default;
ParquetShard::ParquetShard(ParquetShard&&) noexcept = default;
ParquetShard& ParquetShard::operator=(ParquetShard&&) noexcept = default;

// None of these is reached: there is no object.
const std::filesystem::path& ParquetShard::path() const {
  std::abort();
}
std::vector<ParquetColumn> ParquetShard::columns() const {
  std::abort();
}
std::string ParquetShard::hugging_face_metadata() const {
  std::abort();
}
std::vector<std::int64_t> ParquetShard::row_group_sizes() const {
  std::abort();
}
std::vector<std::optional<std::int64_t>> ParquetShard::read_integers(std::size_t) const {
  std::abort();
}
ParquetImages ParquetShard::read_images(std::size_t, int) const {
  std::abort();
}
std::vector<std::string> ParquetShard::read_paths(std::size_t, int) const {
  std::abort();
}

}  // namespace zoetrope::data
