// SPDX-License-Identifier: Apache-2.0
// In place of what reads Parquet and its kin, in a build without Arrow.
#include "zoetrope/support/error.hpp"

#include "../step_readers.hpp"
#include "formats.hpp"

namespace zoetrope::data {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path) {
  throw UsageError(
      path.string() +
      ": this program was built without Arrow and cannot read it; run script/bootstrap, which installs "
      "pyarrow, then build again");
}

}  // namespace

std::unique_ptr<Shard> open_parquet_shard(const std::filesystem::path& path) {
  refuse(path);
}
std::unique_ptr<Table> open_parquet_table(const std::filesystem::path& path) {
  refuse(path);
}
std::unique_ptr<Shard> open_arrow_shard(const std::filesystem::path& path) {
  refuse(path);
}
std::unique_ptr<Table> open_csv_table(const std::filesystem::path& path) {
  refuse(path);
}

std::unique_ptr<StepArrays> open_parquet_arrays(const std::filesystem::path& file,
                                                const std::string& /*word*/) {
  refuse(file);
}

}  // namespace zoetrope::data
