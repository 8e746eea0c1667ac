// SPDX-License-Identifier: Apache-2.0
// Every rank reads files by itself: do all find the same?
#pragma once

#include <optional>
#include <string>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

struct UnlikeRank {
  std::string name, name_of_root;  // "rank 1 on node7"
  std::string shown, shown_of_root;
  int num_unlike = 0;  // ranks with another text than rank 0's
};

// The first rank whose `text` is another than rank 0's, with what either of the two shows for it; the same on
// all ranks, and none where all are alike. Collective.
std::optional<UnlikeRank> find_unlike_rank(Communicator& control, const std::string& text,
                                           const std::string& shown);

}  // namespace zoetrope::comm
