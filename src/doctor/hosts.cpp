// SPDX-License-Identifier: Apache-2.0
#include "hosts.hpp"

#include <map>

namespace zoetrope::doctor {

std::vector<Host> hosts_of(const std::vector<RankFacts>& facts) {
  std::vector<Host> hosts;
  std::map<std::string, std::size_t> place;
  for (const RankFacts& rank : facts) {
    const auto [found, is_new] = place.try_emplace(rank.host, hosts.size());
    if (is_new) hosts.push_back({rank.host, {}});
    hosts[found->second].ranks.push_back(rank.rank);
  }
  return hosts;
}

}  // namespace zoetrope::doctor
