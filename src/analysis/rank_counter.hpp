// SPDX-License-Identifier: Apache-2.0
// How many rows are nearer to a row than given others, counted in tiles of the matrix of products. Of two
// rows at the same distance, the one with the smaller number counts as nearer, as in a search for neighbours.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "candidates.hpp"
#include "nearest_list.hpp"
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
  // All rows, near ones one after the other; empty where some are asked.
  const std::vector<std::int64_t>& order() const { return order_; }

  // What a tile adds to the counts of its rows, and off the diagonal to those of its columns.
  struct Counts {
    std::vector<std::int32_t> rows, columns;
  };
  // For a counter of all rows. On the diagonal the products of rows with themselves must be -infinity.
  // Threads may count at once.
  Counts count(const Tile& tile) const;
  void add(const Tile& tile, const Counts& counts);

  // For a counter of some rows: products of the asked row `a` with at most CandidateLists::kMaxTileColumns
  // rows from `first` on, with itself -infinity. Threads may add to different rows at once.
  void add_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count);

  // The same of scores that are counted elsewhere: how many are above `surely_nearer`, and which rows'
  // scores lie between it and `not_nearer`; [k, asked].
  std::vector<float> surely_nearer() const { return by_other(surely_nearer_); }
  std::vector<float> not_nearer() const { return by_other(not_nearer_); }
  void add_counted(std::int64_t a, std::int64_t n, std::int64_t nearer) {
    nearer_[a * width_ + n] += static_cast<std::int32_t>(nearer);
  }
  // Than the n-th other; the other itself is not.
  bool is_nearer(std::int64_t a, std::int64_t n, std::int64_t row) const {
    return is_before({space_.distance(asked_[a], row), row}, a * width_ + n);
  }

  // [asked, k]. Rank 1 is the nearest; of rows at the same distance, the one with the smallest number is.
  std::vector<std::int64_t> ranks() const;

 private:
  // A row whose score for an asked one leaves it open than which of the asked one's others it is nearer:
  // those of a block of limits, by its bits.
  struct Open {
    std::int64_t asked, row, block;
    std::uint32_t limits;
  };
  // Whether a row is nearer than the other at `place` of others_.
  bool is_before(const Neighbour& neighbour, std::int64_t place) const {
    return neighbour < Neighbour{distance_[place], others_[place]};
  }
  // What is known of the others of the asked rows [begin, end).
  void measure(std::int64_t begin, std::int64_t end, std::span<const std::int64_t> others);
  // How many of `count` rows from `first` on are surely nearer than each of the others of `a`, added to
  // `nearer`; and which are open.
  void count_in_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count,
                    std::int32_t* nearer, std::vector<Open>& open) const;
  // To which of the rows [first, first + count), which are asked, `row` is surely nearer than their others,
  // [count, width].
  void count_in_columns(std::int64_t row, const float* products, std::int64_t first, std::int64_t count,
                        std::int32_t* nearer, std::vector<Open>& open) const;
  void leave_open(Open pair, std::vector<Open>& open) const;
  // Adds what is open to `nearer`, the counts of the asked rows from `first` on.
  void settle(std::span<const Open> open, std::int64_t first, std::int32_t* nearer) const;
  std::vector<float> by_other(const std::vector<float>& limits) const;

  const SearchSpace& space_;
  std::vector<std::int64_t> asked_;
  std::int64_t size_;  // of asked_
  std::int64_t k_;
  std::int64_t width_;  // k, and as many as fill the last block of limits
  std::vector<std::int64_t> order_;
  // [asked, width]
  std::vector<std::int32_t> others_;
  std::vector<double> distance_;
  std::vector<float> surely_nearer_;  // a row with a score above it is
  std::vector<float> not_nearer_;     // a row with a score below it is not
  std::vector<float> least_;          // [asked], of not_nearer_
  std::vector<std::int32_t> nearer_;  // the counts
};

}  // namespace zoetrope::analysis
