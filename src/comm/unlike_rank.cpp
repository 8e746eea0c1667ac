// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/unlike_rank.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "zoetrope/comm/launcher.hpp"

namespace zoetrope::comm {

std::optional<UnlikeRank> find_unlike_rank(Communicator& control, const std::string& text,
                                           const std::string& shown) {
  const auto texts = all_gather_strings(control, text);
  const auto is_unlike = [&](const std::string& one) { return one != texts.front(); };
  const auto first = std::ranges::find_if(texts, is_unlike);
  if (first == texts.end()) return std::nullopt;
  const auto hosts = all_gather_strings(control, host_name()), all_shown = all_gather_strings(control, shown);
  const auto name_of = [&](std::size_t rank) {
    return "rank " + std::to_string(rank) + " on " + hosts[rank];
  };
  const auto rank = static_cast<std::size_t>(first - texts.begin());
  return UnlikeRank{name_of(rank), name_of(0), all_shown[rank], all_shown[0],
                    static_cast<int>(std::ranges::count_if(texts, is_unlike))};
}

}  // namespace zoetrope::comm
