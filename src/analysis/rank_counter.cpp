// SPDX-License-Identifier: Apache-2.0
#include "rank_counter.hpp"

#include <algorithm>
#include <bit>

#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/mapped_memory.hpp"

#include "rows.hpp"

namespace zoetrope::analysis {

namespace {

std::int64_t whole_blocks(std::int64_t k) {
  return (k + kLimits - 1) / kLimits * kLimits;
}

// All rows, each followed by one of its others that is not in the order yet, if there is one: near rows have
// others in common, which then are still in a cache.
std::vector<std::int64_t> walk(std::span<const std::int64_t> others, std::int64_t size, std::int64_t k) {
  std::vector<std::int64_t> order, open;
  std::vector<char> is_in(size, 0);
  order.reserve(size);
  for (std::int64_t start = 0; start < size; ++start) {
    open.push_back(start);
    while (!open.empty()) {
      const std::int64_t row = open.back();
      open.pop_back();
      if (is_in[row] != 0) continue;
      is_in[row] = 1;
      order.push_back(row);
      for (std::int64_t n = k - 1; n >= 0; --n)
        if (is_in[others[row * k + n]] == 0) open.push_back(others[row * k + n]);
    }
  }
  return order;
}

}  // namespace

RankCounter::RankCounter(const SearchSpace& space, std::span<const std::int64_t> asked,
                         std::span<const std::int64_t> others)
    : space_(space),
      asked_(asked.begin(), asked.end()),
      size_(static_cast<std::int64_t>(asked.size())),
      k_(size_ == 0 ? 0 : static_cast<std::int64_t>(others.size()) / size_),
      width_(whole_blocks(k_)),
      others_(size_ * width_, -1),
      distance_(size_ * width_),
      surely_nearer_(size_ * width_, kInfinity),
      not_nearer_(size_ * width_, kInfinity),
      least_(static_cast<std::size_t>(size_), kInfinity),
      nearer_(size_ * width_, 0) {
  if (size_ == space.size()) order_ = walk(others, size_, k_);
  compute::for_each_range(size_, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t place = begin; place < end; ++place) {
      const std::int64_t a = order_.empty() ? place : order_[place];
      for (std::int64_t n = 0; n < k_; ++n) {
        const std::int64_t other = others[a * k_ + n], at = a * width_ + n;
        others_[at] = static_cast<std::int32_t>(other);
        distance_[at] = space_.distance(asked_[a], other);
        surely_nearer_[at] = space_.most_score_beyond(asked_[a], distance_[at]);
        not_nearer_[at] = space_.least_score_within(asked_[a], distance_[at]);
        least_[a] = std::min(least_[a], not_nearer_[at]);
      }
      support::keep_mapped_limit();
    }
  });
}

void RankCounter::settle(std::int64_t a, std::int64_t row, std::int64_t block, std::uint32_t open,
                         std::int32_t* nearer) const {
  const std::int64_t first = a * width_ + block;
  double distance = -1;  // not known yet
  for (; open != 0; open &= open - 1) {
    const int n = std::countr_zero(open);
    if (others_[first + n] == row) continue;  // the other itself is always between the limits
    if (distance < 0) distance = space_.distance(asked_[a], row);
    nearer[block + n] += distance < distance_[first + n] ? 1 : 0;
  }
}

void RankCounter::count_in_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count,
                               std::int32_t* nearer) const {
  constexpr std::size_t kRoom = CandidateLists::kMaxTileColumns + kMoreRoom;
  std::array<float, kRoom> scores;  // few: most rows are further away than all of the others
  std::array<std::int32_t, kRoom> places;
  std::array<Between, kRoom> between;
  const std::int64_t kept = keep_at_least(products, space_.offsets().data() + first, least_[a], count,
                                          scores.data(), places.data());
  for (std::int64_t block = 0; block < width_; block += kLimits) {
    const std::int64_t at = a * width_ + block;
    const std::int64_t size = count_above(scores.data(), kept, surely_nearer_.data() + at,
                                          not_nearer_.data() + at, nearer + block, between.data());
    for (std::int64_t i = 0; i < size; ++i)
      settle(a, first + places[between[i].place], block, between[i].limits, nearer);
  }
}

void RankCounter::count_in_columns(std::int64_t row, const float* products, std::int64_t first,
                                   std::int64_t count, std::int32_t* nearer) const {
  std::array<Between, CandidateLists::kMaxTileColumns> between;
  for (std::int64_t block = 0; block < width_; block += kLimits) {
    const std::int64_t at = first * width_ + block;
    const std::int64_t size = count_above_in_columns(
        products, space_.offsets()[row], least_.data() + first, count, surely_nearer_.data() + at,
        not_nearer_.data() + at, width_, nearer + block, between.data());
    for (std::int64_t i = 0; i < size; ++i)
      settle(first + between[i].place, row, block, between[i].limits, nearer + between[i].place * width_);
  }
}

RankCounter::Counts RankCounter::count(const Tile& tile) const {
  Counts counts{std::vector<std::int32_t>(tile.num_rows * width_), {}};
  if (!tile.on_diagonal()) counts.columns.resize(tile.num_columns * width_);
  for (std::int64_t r = 0; r < tile.num_rows; ++r) {
    const float* products = tile.products + r * tile.num_columns;
    count_in_row(tile.first_row + r, products, tile.first_column, tile.num_columns,
                 counts.rows.data() + r * width_);
    if (!tile.on_diagonal())
      count_in_columns(tile.first_row + r, products, tile.first_column, tile.num_columns,
                       counts.columns.data());
  }
  return counts;
}

void RankCounter::add(const Tile& tile, const Counts& counts) {
  const auto add_to = [&](std::int64_t first, const std::vector<std::int32_t>& some) {
    std::int32_t* const nearer = nearer_.data() + first * width_;
    for (std::size_t n = 0; n < some.size(); ++n) nearer[n] += some[n];
  };
  add_to(tile.first_row, counts.rows);
  add_to(tile.first_column, counts.columns);
}

void RankCounter::add_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count) {
  count_in_row(a, products, first, count, nearer_.data() + a * width_);
}

std::vector<float> RankCounter::by_other(const std::vector<float>& limits) const {
  std::vector<float> turned(k_ * size_);
  for (std::int64_t a = 0; a < size_; ++a)
    for (std::int64_t n = 0; n < k_; ++n) turned[n * size_ + a] = limits[a * width_ + n];
  return turned;
}

std::vector<std::int64_t> RankCounter::ranks() const {
  std::vector<std::int64_t> ranks(size_ * k_);
  for (std::int64_t a = 0; a < size_; ++a)
    for (std::int64_t n = 0; n < k_; ++n) ranks[a * k_ + n] = nearer_[a * width_ + n] + 1;
  return ranks;
}

}  // namespace zoetrope::analysis
