// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/listing.hpp"

#include <algorithm>
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

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace zoetrope::support
