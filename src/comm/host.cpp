// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"

#include <unistd.h>

namespace zoetrope::comm {

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return "unknown-host";
  return name;
}

}  // namespace zoetrope::comm
