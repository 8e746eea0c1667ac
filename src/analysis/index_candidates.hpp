// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include <ATen/core/Tensor.h>

#include "zoetrope/analysis/neighbour_search.hpp"

namespace zoetrope::analysis {

// A row and what an index takes for the nearest by Euclidean distance, most of the time the row itself among
// them, in no order that matters; -1 in place of those that it did not find.
using TakeCandidates = std::function<void(std::int64_t row, std::span<const std::int64_t> candidates)>;

// Makes the index of `rows`, float32 [N, D] and contiguous, and calls `take` once for each row, with `count`
// candidates, from several threads at once. The candidates are the same whatever the number of threads.
// RunError where FAISS fails, or is not in this build.
void find_candidates(SearchMethod method, const at::Tensor& rows, std::int64_t count,
                     const TakeCandidates& take);

}  // namespace zoetrope::analysis
