// SPDX-License-Identifier: Apache-2.0
// How the work on one checkpoint is dealt to a team of ranks. Without a team all of it is this rank's.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "zoetrope/analysis/team.hpp"
#include "zoetrope/support/range.hpp"

namespace zoetrope::analysis {

// Of `count` items, this rank's.
support::Range share_of(std::int64_t count, Team* team);

// The tasks that all of them do at once: the threads of this rank, or of all.
std::int64_t threads_of(Team* team);

// Does this rank's part of the work, in which no rank waits for another. Throws Interrupted on all after a
// signal on any.
void work_together(Team* team, const std::function<void()>& part);

// In the order of the ranks, each of which gives some.
std::vector<std::int64_t> join_shares(Team* team, std::vector<std::int64_t> mine);
std::vector<double> join_shares(Team* team, std::vector<double> mine);

// What all ranks' values add up to, one by one.
void add_up(Team* team, std::vector<std::int64_t>& values);

}  // namespace zoetrope::analysis
