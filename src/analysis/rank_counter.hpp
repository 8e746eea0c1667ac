// SPDX-License-Identifier: Apache-2.0
// How many rows are nearer to a row than given others, counted in tiles of the matrix of products.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "candidates.hpp"
#include "score_kernels.hpp"
#include "search_space.hpp"

namespace zoetrope::analysis {

// Scores that are surely above or surely below what an other row's distance asks for are counted as they
// come; the few between are settled in float64. So counts are exact, whatever the tiles.
class RankCounter {
 public:
  // `asked`: rows of the space, ascending; `others`: k of each, [asked, k].
  RankCounter(const SearchSpace& space, std::span<const std::int64_t> asked,
              std::span<const std::int64_t> others);

  std::int64_t k() const { return k_; }

  // What a tile adds to the counts of its rows, [k, rows], for a counter of all rows. On the diagonal the
  // products of rows with themselves must be -infinity. Threads may count at once.
  std::vector<std::int32_t> count(const Tile& tile) const;
  void add(const Tile& tile, const std::vector<std::int32_t>& counts);

  // For a counter of some rows: products of the asked row `a` with at most CandidateLists::kMaxTileColumns
  // rows from `first` on, with itself -infinity. Threads may add to different rows at once.
  void add_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count);

  // The same of scores that are counted elsewhere: how many are above `surely_nearer`, and which rows'
  // scores lie between it and `not_nearer`.
  float surely_nearer(std::int64_t a, std::int64_t n) const { return surely_nearer_[n * size_ + a]; }
  float not_nearer(std::int64_t a, std::int64_t n) const { return not_nearer_[n * size_ + a]; }
  const std::vector<float>& all_surely_nearer() const { return surely_nearer_; }  // [k, asked]
  const std::vector<float>& all_not_nearer() const { return not_nearer_; }
  void add_counted(std::int64_t a, std::int64_t n, std::int64_t nearer) { nearer_[n * size_ + a] += nearer; }
  bool is_nearer(std::int64_t a, std::int64_t n, std::int64_t row) const;

  // [asked, k]. Rank 1 is the nearest; rows at the same distance have the same.
  std::vector<std::int64_t> ranks() const;

 private:
  struct Kept {
    std::array<float, CandidateLists::kMaxTileColumns + kMoreRoom> score;
    std::array<std::int32_t, CandidateLists::kMaxTileColumns + kMoreRoom> place;
    std::int64_t size = 0;
  };
  // How many of `count` rows from `first` on are nearer than each of the others, to counts[0],
  // counts[stride], ...
  void count_in_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count,
                    std::int32_t* counts, std::int64_t stride) const;
  std::int32_t count_kept(std::int64_t a, std::int64_t n, const Kept& kept, std::int64_t first,
                          std::int64_t count) const;

  const SearchSpace& space_;
  std::vector<std::int64_t> asked_;
  std::int64_t size_;  // of asked_
  std::int64_t k_;
  // [k, asked]: what belongs to one of the others is read for many rows in turn.
  std::vector<std::int32_t> others_;
  std::vector<double> distance_;
  std::vector<float> surely_nearer_;  // a row with a score above it is
  std::vector<float> not_nearer_;     // a row with a score below it is not
  std::vector<float> least_;          // [asked], of not_nearer_
  std::vector<std::int64_t> nearer_;  // the counts
};

}  // namespace zoetrope::analysis
