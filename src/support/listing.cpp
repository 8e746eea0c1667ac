// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/listing.hpp"

#include <system_error>

namespace zoetrope::support {

namespace fs = std::filesystem;

bool is_listed(const fs::path& path) {
  std::error_code error;
  fs::directory_iterator entry(path.has_parent_path() ? path.parent_path() : fs::path("."), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error))
    if (entry->path().filename() == path.filename()) return true;
  return error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory;
}

}  // namespace zoetrope::support
