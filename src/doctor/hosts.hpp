// SPDX-License-Identifier: Apache-2.0
// The ranks by the name of their host. MPI's own idea of a host is whose ranks have memory in common, which
// several names may have, too: containers.
#pragma once

#include <string>
#include <vector>

#include "zoetrope/doctor/facts.hpp"

namespace zoetrope::doctor {

struct Host {
  std::string name;
  std::vector<int> ranks;  // ascending; the first speaks for the host

  int speaker() const { return ranks.front(); }
};

// In the order of their first ranks.
std::vector<Host> hosts_of(const std::vector<RankFacts>& facts);

}  // namespace zoetrope::doctor
