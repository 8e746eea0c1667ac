// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::support {

// Whether the folder of `path` lists its name. To be asked wherever another host may have written the file a
// moment ago, or may do so soon: a network's file system remembers for half a minute that stat() or open()
// has found nothing, and forgets it when the folder is opened. False where the folder is not there, either.
bool is_listed(const std::filesystem::path& path);

// What the folder lists, sorted; nothing where it cannot be listed.
std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace zoetrope::support
