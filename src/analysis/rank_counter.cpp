// SPDX-License-Identifier: Apache-2.0
#include "rank_counter.hpp"

#include <algorithm>
#include <array>

#include "zoetrope/compute/tasks.hpp"

#include "rows.hpp"

namespace zoetrope::analysis {

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
      least_(static_cast<std::size_t>(size_), kInfinity),
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
        least_[a] = std::min(least_[a], not_nearer_[n * size_ + a]);
      }
    }
  });
}

bool RankCounter::is_nearer(std::int64_t a, std::int64_t n, std::int64_t row) const {
  return space_.distance(asked_[a], row) < distance_[n * size_ + a];
}

std::int32_t RankCounter::count_kept(std::int64_t a, std::int64_t n, const Kept& kept, std::int64_t first,
                                     std::int64_t count) const {
  const float sure = surely_nearer(a, n), open = not_nearer(a, n);
  const CountsAbove found = count_above(kept.score.data(), sure, open, kept.size);
  // The score of the other itself is always between both limits; those of others hardly ever are.
  const std::int64_t other = others_[n * size_ + a];
  const bool is_here = other >= first && other < first + count;
  std::int32_t nearer = found.above;
  if (found.at_least == found.above + (is_here ? 1 : 0)) return nearer;
  std::array<std::int32_t, CandidateLists::kMaxTileColumns + kMoreRoom> places;
  const std::int64_t size = find_between(kept.score.data(), sure, open, kept.size, places.data());
  for (std::int64_t j = 0; j < size; ++j) nearer += is_nearer(a, n, first + kept.place[places[j]]) ? 1 : 0;
  return nearer;
}

void RankCounter::count_in_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count,
                               std::int32_t* counts, std::int64_t stride) const {
  Kept kept;  // few: most rows are further away than all of the others
  kept.size = keep_at_least(products, space_.offsets().data() + first, least_[a], count, kept.score.data(),
                            kept.place.data());
  for (std::int64_t n = 0; n < k_; ++n) counts[n * stride] = count_kept(a, n, kept, first, count);
}

std::vector<std::int32_t> RankCounter::count(const Tile& tile) const {
  std::vector<std::int32_t> counts(tile.num_rows * k_);
  for (std::int64_t r = 0; r < tile.num_rows; ++r)
    count_in_row(tile.first_row + r, tile.products + r * tile.num_columns, tile.first_column,
                 tile.num_columns, counts.data() + r, tile.num_rows);
  return counts;
}

void RankCounter::add(const Tile& tile, const std::vector<std::int32_t>& counts) {
  for (std::int64_t n = 0; n < k_; ++n)
    for (std::int64_t r = 0; r < tile.num_rows; ++r)
      nearer_[n * size_ + tile.first_row + r] += counts[n * tile.num_rows + r];
}

void RankCounter::add_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count) {
  std::vector<std::int32_t> counts(k_);
  count_in_row(a, products, first, count, counts.data(), 1);
  for (std::int64_t n = 0; n < k_; ++n) nearer_[n * size_ + a] += counts[n];
}

std::vector<std::int64_t> RankCounter::ranks() const {
  std::vector<std::int64_t> ranks(nearer_.size());
  for (std::int64_t a = 0; a < size_; ++a)
    for (std::int64_t n = 0; n < k_; ++n) ranks[a * k_ + n] = nearer_[n * size_ + a] + 1;
  return ranks;
}

}  // namespace zoetrope::analysis
