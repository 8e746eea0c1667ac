// SPDX-License-Identifier: Apache-2.0
// Files that are built into the program (cmake/resources.cmake).
#pragma once

#include <string_view>

namespace zoetrope::model {

std::string_view resource(std::string_view name);

}  // namespace zoetrope::model
