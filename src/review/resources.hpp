// SPDX-License-Identifier: Apache-2.0
// Files that are built into the program (cmake/resources.cmake), so that it needs no others to write the
// page.
#pragma once

#include <string>
#include <string_view>

namespace zoetrope::review {

// The file's content. `name` is one of those that cmake/resources.cmake embeds.
std::string_view resource(std::string_view name);

// The page's modules as one script.
std::string join_modules();

}  // namespace zoetrope::review
