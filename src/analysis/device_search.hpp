// SPDX-License-Identifier: Apache-2.0
// The search for candidates by tensor operations, for devices.
#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "zoetrope/support/range.hpp"

#include "candidates.hpp"
#include "rank_counter.hpp"
#include "search_space.hpp"

namespace zoetrope::analysis {

// Gives every row of a range of `space` the `keep` other rows with the highest scores, as blocked products do
// on cores.
void collect_candidates_on(at::Device device, const SearchSpace& space, std::int64_t keep,
                           support::Range range, CandidateLists& lists);

// Counts all that `ranks` asks of the rows `asked`.
void count_ranks_on(at::Device device, const SearchSpace& space, std::span<const std::int64_t> asked,
                    RankCounter& ranks);

}  // namespace zoetrope::analysis
