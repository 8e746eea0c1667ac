// SPDX-License-Identifier: Apache-2.0
// is_listed() without further attempts, for what is tried again as a whole.
#pragma once

#include <filesystem>

namespace zoetrope::support {

// Throws PassingError where the disk fails; else as is_listed().
bool is_listed_now(const std::filesystem::path& path);

}  // namespace zoetrope::support
