// SPDX-License-Identifier: Apache-2.0
#include "rank_counter.hpp"

#include <algorithm>
#include <array>

#include "zoetrope/compute/tasks.hpp"

#include "rows.hpp"
#include "score_kernels.hpp"

namespace zoetrope::analysis {

namespace {

// Of a tile: what they hold stays in the nearest cache while all limits are tried on it.
constexpr std::int64_t kColumnsAtOnce = 16;

}  // namespace

RankCounter::RankCounter(const SearchSpace& space, std::span<const std::int64_t> asked,
                         std::span<const std::int64_t> others)
    : space_(space),
      asked_(asked.begin(), asked.end()),
      size_(static_cast<std::int64_t>(asked.size())),
      k_(size_ == 0 ? 0 : static_cast<std::int64_t>(others.size()) / size_),
      others_(others.size()),
      distance_(others.size()),
      surely_nearer_(others.size()),
      not_nearer_(others.size()),
      nearer_(others.size(), 0) {
  compute::for_each_range(size_, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t a = begin; a < end; ++a) {
      for (std::int64_t n = 0; n < k_; ++n) {
        const std::int64_t other = others[a * k_ + n];
        const double distance = space_.distance(asked_[a], other);
        others_[n * size_ + a] = static_cast<std::int32_t>(other);
        distance_[n * size_ + a] = distance;
        surely_nearer_[n * size_ + a] = space_.most_score_beyond(asked_[a], distance);
        not_nearer_[n * size_ + a] = space_.least_score_within(asked_[a], distance);
      }
    }
  });
}

bool RankCounter::is_nearer(std::int64_t a, std::int64_t n, std::int64_t row) const {
  return space_.distance(asked_[a], row) < distance_[n * size_ + a];
}

// Whether other scores than that of the other itself, which always is, are between both limits: hardly ever.
bool RankCounter::leaves_open(std::int64_t a, std::int64_t n, const CountsAbove& found, std::int64_t first,
                              std::int64_t count) const {
  const std::int64_t other = others_[n * size_ + a];
  const bool is_here = other >= first && other < first + count;
  return found.at_least != found.above + (is_here ? 1 : 0);
}

bool RankCounter::is_nearer_if_open(std::int64_t a, std::int64_t n, float score, std::int64_t row) const {
  return score >= not_nearer(a, n) && score <= surely_nearer(a, n) && is_nearer(a, n, row);
}

// How many of `count` rows from `first` on are nearer, with these products.
std::int32_t RankCounter::count_in_row(std::int64_t a, std::int64_t n, const float* products,
                                       std::int64_t first, std::int64_t count) const {
  const float* offsets = space_.offsets().data() + first;
  const CountsAbove found = count_above(products, offsets, surely_nearer(a, n), not_nearer(a, n), count);
  std::int32_t nearer = found.above;
  if (!leaves_open(a, n, found, first, count)) return nearer;
  std::array<std::uint8_t, CandidateLists::kMaxTileColumns / kScoresPerFlag> flags{};
  flag_between(products, offsets, surely_nearer(a, n), not_nearer(a, n), count, flags.data());
  for (std::int64_t c = 0; c < count; c += kScoresPerFlag) {
    if (flags[c / kScoresPerFlag] == 0) continue;
    for (std::int64_t j = c; j < std::min(c + kScoresPerFlag, count); ++j)
      nearer += is_nearer_if_open(a, n, products[j] + offsets[j], first + j) ? 1 : 0;
  }
  return nearer;
}

// What all rows of a tile add to `width` of its columns from `first` on.
void RankCounter::count_in_some_columns(const Tile& tile, std::int64_t first, std::int64_t width,
                                        std::int64_t n, std::int32_t* counts) const {
  const float* offsets = space_.offsets().data() + tile.first_row;
  const float* products = tile.products + first;
  const std::int64_t a = tile.first_column + first;
  const float* sure = surely_nearer_.data() + n * size_ + a;
  const float* open = not_nearer_.data() + n * size_ + a;
  std::array<std::int32_t, kColumnsAtOnce> at_least{};
  count_in_columns(products, tile.num_columns, offsets, tile.num_rows, width, sure, open, counts,
                   at_least.data());
  bool is_open = false;
  for (std::int64_t c = 0; c < width && !is_open; ++c)
    is_open = leaves_open(a + c, n, {counts[c], at_least[c]}, tile.first_row, tile.num_rows);
  if (!is_open) return;
  std::array<std::uint8_t, CandidateLists::kMaxTileColumns / kRowsPerFlag> flags{};
  flag_rows_between(products, tile.num_columns, offsets, tile.num_rows, width, sure, open, flags.data());
  for (std::int64_t r = 0; r < tile.num_rows; ++r) {
    if (flags[r / kRowsPerFlag] == 0) continue;
    for (std::int64_t c = 0; c < width; ++c)
      counts[c] +=
          is_nearer_if_open(a + c, n, products[r * tile.num_columns + c] + offsets[r], tile.first_row + r)
              ? 1
              : 0;
  }
}

RankCounter::Counts RankCounter::count(const Tile& tile) const {
  Counts counts;
  counts.of_rows.resize(tile.num_rows * k_);
  for (std::int64_t r = 0; r < tile.num_rows; ++r)
    for (std::int64_t n = 0; n < k_; ++n)
      counts.of_rows[n * tile.num_rows + r] = count_in_row(
          tile.first_row + r, n, tile.products + r * tile.num_columns, tile.first_column, tile.num_columns);
  if (tile.on_diagonal()) return counts;
  counts.of_columns.resize(tile.num_columns * k_);
  for (std::int64_t first = 0; first < tile.num_columns; first += kColumnsAtOnce)
    for (std::int64_t n = 0; n < k_; ++n)
      count_in_some_columns(tile, first, std::min(kColumnsAtOnce, tile.num_columns - first), n,
                            counts.of_columns.data() + n * tile.num_columns + first);
  return counts;
}

void RankCounter::add(const Tile& tile, const Counts& counts) {
  const auto add_to = [&](std::int64_t first, std::int64_t count, const std::vector<std::int32_t>& some) {
    if (some.empty()) return;
    for (std::int64_t n = 0; n < k_; ++n)
      for (std::int64_t i = 0; i < count; ++i) nearer_[n * size_ + first + i] += some[n * count + i];
  };
  add_to(tile.first_row, tile.num_rows, counts.of_rows);
  add_to(tile.first_column, tile.num_columns, counts.of_columns);
}

void RankCounter::add_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count) {
  for (std::int64_t n = 0; n < k_; ++n) nearer_[n * size_ + a] += count_in_row(a, n, products, first, count);
}

std::vector<std::int64_t> RankCounter::ranks() const {
  std::vector<std::int64_t> ranks(nearer_.size());
  for (std::int64_t a = 0; a < size_; ++a)
    for (std::int64_t n = 0; n < k_; ++n) ranks[a * k_ + n] = nearer_[n * size_ + a] + 1;
  return ranks;
}

}  // namespace zoetrope::analysis
