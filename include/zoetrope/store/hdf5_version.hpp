// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace zoetrope::store {

std::string hdf5_library_version();  // "1.10.8"

}  // namespace zoetrope::store
