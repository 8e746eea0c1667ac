// SPDX-License-Identifier: Apache-2.0
// Judges what all ranks told of themselves: does one wait in vain, and for whom? No MPI here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "watchdog/activity.hpp"

namespace zoetrope::comm {

struct RankView {
  RankReport report;
  std::string host;
  double silent_s = 0.0;  // since this rank was last heard of
};

// When some rank has waited in one collective for longer than `timeout_s`, and a rank that it waits for has
// got nothing done for as long (or all are in it, and none moves): one line that says which collective and
// which ranks have not reached it or are silent. A rank that works on is waited for, however long.
std::optional<std::string> find_stuck(const std::vector<RankView>& ranks, double timeout_s);

// When two ranks of a group have made different calls where they must make the same one: one line that says
// so. There is nothing to wait for then, as both may hang or, worse, go on with mixed-up data.
std::optional<std::string> find_mismatch(const std::vector<RankView>& ranks);

}  // namespace zoetrope::comm
