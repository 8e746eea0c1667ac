// SPDX-License-Identifier: Apache-2.0
// What the exact search and that by an index share.
#pragma once

#include <cstdint>
#include <span>

#include "zoetrope/analysis/neighbours.hpp"

#include "rows.hpp"
#include "search_space.hpp"
#include "settled.hpp"

namespace zoetrope::analysis {

// Candidates that are settled in float64 for k neighbours.
std::int64_t num_kept(std::int64_t k);

// The exact neighbours of some rows, in place of those that are there, whose distances bound the search.
void search_again(const SearchSpace& space, std::span<const std::int64_t> rows, Settled& settled);

// Whether a search keeps the centred rows: not where the rows themselves are read block by block.
inline SearchSpace::Centred centred_for(std::int64_t block_rows) {
  return block_rows == 0 ? SearchSpace::Centred::kKept : SearchSpace::Centred::kMadeAnew;
}

// As nearest_neighbours(), of finite rows, two or more.
Neighbours nearest_neighbours(const RowList& rows, std::int64_t k, Metric metric,
                              const SearchContext& context, RankQuery* query = nullptr);

// From neighbours among groups of equal rows to k neighbours among rows.
Neighbours expand(const RowGroups& groups, const Neighbours& found, std::int64_t k);

}  // namespace zoetrope::analysis
