// SPDX-License-Identifier: Apache-2.0
// Candidates from the matrix of products, tile by tile, each pair of rows once.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "zoetrope/analysis/team.hpp"
#include "zoetrope/support/range.hpp"

#include "candidates.hpp"
#include "rank_counter.hpp"
#include "search_space.hpp"

namespace zoetrope::analysis {

// The square tiles of the upper triangle of the matrix of products.
class Tiling {
 public:
  // Enough for so many threads. 0: all rows are in memory; else two blocks of so many at a time.
  Tiling(std::int64_t num_rows, std::int64_t num_threads, std::int64_t block_rows = 0);

  std::int64_t blocks() const { return (num_rows_ + width_ - 1) / width_; }
  std::int64_t first(std::int64_t block) const { return block * width_; }
  std::int64_t rows(std::int64_t block) const;
  support::Range range(std::int64_t block) const { return {first(block), first(block) + rows(block)}; }
  // (I, J), I <= J, those of one pair of blocks in memory after those of another, of each the diagonal first
  // and then diagonal by diagonal: tiles that are worked on at the same time seldom share rows. Of a team
  // each rank has every so-manieth.
  std::vector<std::pair<std::int64_t, std::int64_t>> tiles(Team* team) const;

 private:
  std::int64_t num_rows_;
  std::int64_t width_;
  std::int64_t together_;  // tiles side by side whose rows are in memory together
};

// Of this rank's tiles. `ranks`: of all rows, or null.
void collect_candidates(const SearchSpace& space, const Tiling& tiling, Team* team, CandidateLists& lists,
                        RankCounter* ranks);

}  // namespace zoetrope::analysis
