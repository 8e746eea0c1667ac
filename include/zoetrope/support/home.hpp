// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace zoetrope::support {

// "~" and "~/..." with $HOME, "~user/..." with that user's home, as a shell expands them; any other text, and
// where no home is known, as it is.
std::string expand_home(const std::string& path);

}  // namespace zoetrope::support
