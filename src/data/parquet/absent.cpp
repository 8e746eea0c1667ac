// SPDX-License-Identifier: Apache-2.0
// In place of the other sources of this folder in a build without Arrow.
#include "zoetrope/support/error.hpp"

#include "shard.hpp"

namespace zoetrope::data {

std::unique_ptr<Shard> open_shard(const std::filesystem::path& path) {
  throw UsageError(
      path.string() +
      ": this program was built without Arrow and cannot read Parquet; run script/bootstrap, which installs "
      "pyarrow, then build again");
}

}  // namespace zoetrope::data
