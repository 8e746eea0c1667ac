// SPDX-License-Identifier: Apache-2.0
#include "rank_counter.hpp"

#include <algorithm>
#include <bit>

#include "zoetrope/compute/tasks.hpp"

#include "rows.hpp"

namespace zoetrope::analysis {

namespace {

constexpr std::int64_t kRowsAtOnce = 64, kColumnsAtOnce = 128;  // of a tile

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
  compute::for_each_range(size_, kRowsPerTask,
                          [&](std::int64_t begin, std::int64_t end) { measure(begin, end, others); });
}

void RankCounter::measure(std::int64_t begin, std::int64_t end, std::span<const std::int64_t> others) {
  std::vector<std::int64_t> places, rows, others_of_rows;
  for (std::int64_t place = begin; place < end; ++place) {
    const std::int64_t a = order_.empty() ? place : order_[place];
    for (std::int64_t n = 0; n < k_; ++n) {
      places.push_back(a * width_ + n);
      rows.push_back(asked_[a]);
      others_of_rows.push_back(others[a * k_ + n]);
    }
  }
  const std::vector<double> distances = space_.distances(rows, others_of_rows);
  for (std::size_t n = 0; n < places.size(); ++n) {
    const std::int64_t at = places[n], a = at / width_;
    others_[at] = static_cast<std::int32_t>(others_of_rows[n]);
    distance_[at] = distances[n];
    surely_nearer_[at] = space_.most_score_beyond(rows[n], distances[n]);
    not_nearer_[at] = space_.least_score_within(rows[n], distances[n]);
    least_[a] = std::min(least_[a], not_nearer_[at]);
  }
}

void RankCounter::leave_open(Open pair, std::vector<Open>& open) const {
  const std::int64_t first = pair.asked * width_ + pair.block;
  std::uint32_t limits = 0;
  for (std::uint32_t bits = pair.limits; bits != 0; bits &= bits - 1) {
    const int n = std::countr_zero(bits);
    if (others_[first + n] != pair.row)
      limits |= std::uint32_t{1} << n;  // the other itself is always between
  }
  if (limits != 0) open.push_back({pair.asked, pair.row, pair.block, limits});
}

void RankCounter::settle(std::span<const Open> open, std::int64_t first, std::int32_t* nearer) const {
  std::vector<std::int64_t> asked, rows;
  for (const Open& pair : open) asked.push_back(asked_[pair.asked]), rows.push_back(pair.row);
  const std::vector<double> distances = space_.distances(asked, rows);
  for (std::size_t p = 0; p < open.size(); ++p) {
    const std::int64_t at = open[p].asked * width_ + open[p].block;
    for (std::uint32_t bits = open[p].limits; bits != 0; bits &= bits - 1) {
      const std::int64_t n = at + std::countr_zero(bits);
      nearer[n - first * width_] += is_before({distances[p], open[p].row}, n) ? 1 : 0;
    }
  }
}

void RankCounter::count_in_row(std::int64_t a, const float* products, std::int64_t first, std::int64_t count,
                               std::int32_t* nearer, std::vector<Open>& open) const {
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
      leave_open({a, first + places[between[i].place], block, between[i].limits}, open);
  }
}

void RankCounter::count_in_columns(std::int64_t row, const float* products, std::int64_t first,
                                   std::int64_t count, std::int32_t* nearer, std::vector<Open>& open) const {
  std::array<Between, CandidateLists::kMaxTileColumns> between;
  for (std::int64_t block = 0; block < width_; block += kLimits) {
    const std::int64_t at = first * width_ + block;
    const std::int64_t size = count_above_in_columns(
        products, space_.offsets()[row], least_.data() + first, count, surely_nearer_.data() + at,
        not_nearer_.data() + at, width_, nearer + block, between.data());
    for (std::int64_t i = 0; i < size; ++i)
      leave_open({first + between[i].place, row, block, between[i].limits}, open);
  }
}

// A part of the tile at a time, whose products stay in a cache, and limits of so many columns as stay in a
// smaller one.
RankCounter::Counts RankCounter::count(const Tile& tile) const {
  Counts counts{std::vector<std::int32_t>(tile.num_rows * width_), {}};
  if (!tile.on_diagonal()) counts.columns.resize(tile.num_columns * width_);
  std::vector<Open> in_rows, in_columns;
  for (std::int64_t begin = 0; begin < tile.num_rows; begin += kRowsAtOnce) {
    const std::int64_t end = std::min(begin + kRowsAtOnce, tile.num_rows);
    for (std::int64_t r = begin; r < end; ++r)
      count_in_row(tile.first_row + r, tile.products + r * tile.num_columns, tile.first_column,
                   tile.num_columns, counts.rows.data() + r * width_, in_rows);
    if (tile.on_diagonal()) continue;
    for (std::int64_t c = 0; c < tile.num_columns; c += kColumnsAtOnce)
      for (std::int64_t r = begin; r < end; ++r)
        count_in_columns(tile.first_row + r, tile.products + r * tile.num_columns + c, tile.first_column + c,
                         std::min(kColumnsAtOnce, tile.num_columns - c), counts.columns.data() + c * width_,
                         in_columns);
  }
  settle(in_rows, tile.first_row, counts.rows.data());
  settle(in_columns, tile.first_column, counts.columns.data());
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
  std::vector<Open> open;
  count_in_row(a, products, first, count, nearer_.data() + a * width_, open);
  settle(open, a, nearer_.data() + a * width_);
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
