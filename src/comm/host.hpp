// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace zoetrope::comm {

std::string host_name();

}  // namespace zoetrope::comm
