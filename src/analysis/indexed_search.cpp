// SPDX-License-Identifier: Apache-2.0
#include "indexed_search.hpp"

#include <algorithm>
#include <vector>

#include <ATen/ops/empty.h>

#include "zoetrope/support/random.hpp"
#include "zoetrope/support/stopwatch.hpp"

#include "exact_search.hpp"
#include "index_candidates.hpp"
#include "nearest_list.hpp"
#include "search_space.hpp"
#include "settled.hpp"

namespace zoetrope::analysis {
namespace {

constexpr std::int64_t kRecallSample = 1000;
constexpr std::uint64_t kRecallSeed = 0x7265'6361'6c6c;  // "recall"

// The centred rows of the exact search serve both metrics: of rows of length 1 the nearest by Euclidean
// distance are the nearest by cosine, and float32 tells those apart that all point the same way. Only a row
// of zeros seems nearer there than its cosine distance of 1 is, which costs a place among the candidates of
// others and no more: distances are settled in float64.
Settled search_distinct_by_index(const SearchSpace& space, std::int64_t k, SearchMethod method) {
  Settled found(space.size(), k);
  std::vector<char> is_short(static_cast<std::size_t>(space.size()), 0);
  const std::int64_t count = std::min(space.size(), num_kept(k) + 1);
  find_candidates(method, space.centred(), count, [&](std::int64_t i, std::span<const std::int64_t> rows) {
    NearestList nearest(k);
    for (const std::int64_t row : rows)
      if (row >= 0 && row != i) nearest.offer({space.distance(i, row), row});
    is_short[static_cast<std::size_t>(i)] = nearest.full() ? 0 : 1;
    found.store(i, nearest);
  });
  std::vector<std::int64_t> rows;  // few: those whose lists hold too few rows
  for (std::int64_t i = 0; i < space.size(); ++i)
    if (is_short[static_cast<std::size_t>(i)] != 0) rows.push_back(i);
  search_again(space, rows, found);
  return found;
}

// Ascending, the same ones of as many rows.
std::vector<std::int64_t> rows_to_check(std::int64_t num_rows) {
  const std::int64_t count = std::min(num_rows, kRecallSample);
  support::SplitMix64 random(kRecallSeed);
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < num_rows; ++i) {  // Knuth's algorithm S
    const auto left = static_cast<std::uint64_t>(num_rows - i);
    if (random.below(left) < static_cast<std::uint64_t>(count) - rows.size()) rows.push_back(i);
  }
  return rows;
}

double recall_of(const Neighbours& found, const Neighbours& exact, const std::vector<std::int64_t>& rows,
                 std::int64_t k) {
  std::int64_t hits = 0;
  for (const std::int64_t row : rows) {
    const double* const first = found.distance.data() + row * found.k;
    hits += std::upper_bound(first, first + k, exact.distance[row * exact.k + k - 1]) - first;
  }
  return static_cast<double>(hits) / static_cast<double>(static_cast<std::int64_t>(rows.size()) * k);
}

}  // namespace

Neighbours search_by_index(const RowGroups& groups, const RowList& distinct, std::int64_t k, Metric metric,
                           IndexedSearch& search) {
  const SearchSpace space(distinct, metric);
  const Settled found = search_distinct_by_index(space, std::min(k, groups.size() - 1), search.method);
  const std::vector<std::int64_t> sample = rows_to_check(static_cast<std::int64_t>(groups.group_of.size()));
  std::vector<std::int64_t> sampled_groups;
  for (const std::int64_t row : sample) sampled_groups.push_back(groups.group_of[row]);
  std::ranges::sort(sampled_groups);
  const auto [last, end] = std::ranges::unique(sampled_groups);
  sampled_groups.erase(last, end);
  Settled exact = found;
  search_again(space, sampled_groups, exact);
  Neighbours all = expand(groups, found.nearest, k);
  search.recall =
      recall_of(all, expand(groups, exact.nearest, k), sample, std::min(search.recall_neighbours, k));
  return all;
}

double seconds_of_exact_search(std::int64_t num_rows, std::int64_t num_columns, std::int64_t k,
                               TensorDevice device) {
  constexpr std::int64_t kTried = 4096;
  support::SplitMix64 random(1);
  at::Tensor rows = at::empty({kTried, num_columns}, at::kFloat);
  float* const values = rows.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < rows.numel(); ++i) values[i] = static_cast<float>(random.uniform() - 0.5);
  const Metric metric = metric_for(num_columns);
  // What is only done the first time.
  nearest_neighbours(rows.narrow(0, 0, kTried / 8), k, metric, {.device = device});
  const support::Stopwatch watch;
  nearest_neighbours(rows, k, metric, {.device = device});
  const double times = static_cast<double>(num_rows) / static_cast<double>(kTried);
  return watch.seconds() * times * times;
}

}  // namespace zoetrope::analysis
