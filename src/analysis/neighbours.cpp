// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/neighbours.hpp"

#include <algorithm>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include <ATen/Parallel.h>

#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/error.hpp"

#include "candidates.hpp"
#include "device_search.hpp"
#include "float_products.hpp"
#include "nearest_list.hpp"
#include "rank_counter.hpp"
#include "rows.hpp"
#include "search_space.hpp"

namespace zoetrope::analysis {
namespace {

constexpr std::int64_t kQueriesPerTask = 64;

// Candidates kept beyond k when a list is cut: enough that the float32 error rarely reaches from the last of
// them to the k-th neighbour.
std::int64_t num_kept(std::int64_t k) {
  return k + std::max<std::int64_t>(6, k / 4);
}

// The square tiles of the upper triangle of the matrix of products.
class Tiling {
 public:
  explicit Tiling(std::int64_t num_rows) : num_rows_(num_rows) {
    const std::int64_t wished = num_rows / (std::int64_t{4} * at::get_num_threads());
    width_ = std::clamp<std::int64_t>(wished, 128, CandidateLists::kMaxTileColumns);
  }
  std::int64_t blocks() const { return (num_rows_ + width_ - 1) / width_; }
  std::int64_t first(std::int64_t block) const { return block * width_; }
  std::int64_t rows(std::int64_t block) const { return std::min(width_, num_rows_ - first(block)); }
  // (I, J), I <= J, the diagonal first and then diagonal by diagonal: tiles that are worked on at the same
  // time seldom share rows.
  std::vector<std::pair<std::int64_t, std::int64_t>> tiles() const {
    std::vector<std::pair<std::int64_t, std::int64_t>> all;
    for (std::int64_t distance = 0; distance < blocks(); ++distance) {
      for (std::int64_t i = 0; i + distance < blocks(); ++i) all.emplace_back(i, i + distance);
    }
    return all;
  }

 private:
  std::int64_t num_rows_;
  std::int64_t width_;
};

// `ranks`: of all rows, or null.
void collect_candidates(const SearchSpace& space, CandidateLists& lists, RankCounter* ranks) {
  const Tiling tiling(space.size());
  const auto tiles = tiling.tiles();
  std::vector<std::mutex> block_lock(tiling.blocks());
  compute::for_each_task(static_cast<std::int64_t>(tiles.size()), [&](std::int64_t t) {
    const auto [i, j] = tiles[t];
    const at::Tensor a = space.centred().narrow(0, tiling.first(i), tiling.rows(i));
    const at::Tensor b = space.centred().narrow(0, tiling.first(j), tiling.rows(j));
    const at::Tensor products = float_products(a, b);
    const Tile tile{products.const_data_ptr<float>(), tiling.first(i), tiling.rows(i), tiling.first(j),
                    tiling.rows(j)};
    at::Tensor flipped;  // its rows are the columns
    Tile other_way{};
    std::vector<std::int32_t> of_rows, of_columns;
    if (ranks != nullptr && i == j) products.diagonal().fill_(-kInfinity);
    if (ranks != nullptr) of_rows = ranks->count(tile);
    if (ranks != nullptr && i != j) {
      flipped = products.t().contiguous();
      other_way = {flipped.const_data_ptr<float>(), tile.first_column, tile.num_columns, tile.first_row,
                   tile.num_rows};
      of_columns = ranks->count(other_way);
    }
    std::unique_lock row_lock(block_lock[i]);
    std::unique_lock column_lock(block_lock[j], std::defer_lock);
    if (i != j) column_lock.lock();  // i < j: always in the same order, so no two threads wait for each other
    lists.add(tile, space.offsets());
    if (ranks != nullptr) ranks->add(tile, of_rows);
    if (ranks != nullptr && i != j) ranks->add(other_way, of_columns);
  });
}

// Settles candidates in float64, best score first, until no other row can be nearer than those found. False
// when the float32 error leaves that open.
bool settle(const SearchSpace& space, CandidateLists& lists, std::int64_t i, NearestList& nearest) {
  for (const Candidate& candidate : lists.sorted(i)) {
    if (space.nearest_with_score(i, candidate.score) > nearest.reach()) return true;
    nearest.offer({space.distance(i, candidate.row), candidate.row});
  }
  return nearest.full() && space.nearest_with_score(i, lists.threshold(i)) > nearest.reach();
}

void store(const NearestList& nearest, std::int64_t row, Neighbours& found) {
  for (std::int64_t n = 0; n < found.k; ++n) {
    found.index[row * found.k + n] = nearest.entries()[n].row;
    found.distance[row * found.k + n] = nearest.entries()[n].distance;
  }
}

// The rows whose neighbours could not be proven; all others are stored.
std::vector<std::int64_t> settle_all(const SearchSpace& space, CandidateLists& lists, Neighbours& found) {
  std::vector<char> proven(space.size());
  compute::for_each_range(space.size(), kQueriesPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      NearestList nearest(found.k);
      proven[i] = settle(space, lists, i, nearest);
      store(nearest, i, found);
    }
  });
  std::vector<std::int64_t> unproven;
  for (std::int64_t i = 0; i < space.size(); ++i) {
    if (proven[i] == 0) unproven.push_back(i);
  }
  return unproven;
}

// Offers the rows [first, first + count) whose score for row i is at least `least_score`.
void offer_within(const SearchSpace& space, std::int64_t i, const float* products, std::int64_t first,
                  std::int64_t count, float least_score, NearestList& nearest) {
  const float* offsets = space.offsets().data() + first;
  for (std::int64_t c = 0; c < count; ++c) {
    if (products[c] + offsets[c] < least_score || first + c == i) continue;
    nearest.offer({space.distance(i, first + c), first + c});
  }
}

// What is stored for a row so far bounds how far its neighbours can be; every row whose score could lie
// within is settled in float64.
void search_batch_again(const SearchSpace& space, std::span<const std::int64_t> batch, Neighbours& found) {
  const std::int64_t width = CandidateLists::kMaxTileColumns;
  std::vector<NearestList> nearest(batch.size(), NearestList(found.k));
  const at::Tensor a = take_rows(space.centred(), batch);
  for (std::int64_t first = 0; first < space.size(); first += width) {
    const std::int64_t count = std::min(width, space.size() - first);
    const at::Tensor products = float_products(a, space.centred().narrow(0, first, count));
    for (std::size_t r = 0; r < batch.size(); ++r) {
      const double reach = found.distance[(batch[r] + 1) * found.k - 1];
      offer_within(space, batch[r], products.const_data_ptr<float>() + r * count, first, count,
                   space.least_score_within(batch[r], reach), nearest[r]);
    }
  }
  for (std::size_t r = 0; r < batch.size(); ++r) store(nearest[r], batch[r], found);
}

void search_again(const SearchSpace& space, std::span<const std::int64_t> unproven, Neighbours& found) {
  compute::for_each_range(static_cast<std::int64_t>(unproven.size()), kQueriesPerTask,
                          [&](std::int64_t begin, std::int64_t end) {
                            search_batch_again(space, unproven.subspan(begin, end - begin), found);
                          });
}

// The ranks that rows [begin, end) of those asked for ask for.
void count_ranks(const SearchSpace& space, std::span<const std::int64_t> asked, std::int64_t begin,
                 std::int64_t end, RankCounter& ranks) {
  const std::int64_t width = CandidateLists::kMaxTileColumns;
  const at::Tensor a = take_rows(space.centred(), asked.subspan(begin, end - begin));
  for (std::int64_t first = 0; first < space.size(); first += width) {
    const std::int64_t count = std::min(width, space.size() - first);
    at::Tensor products = float_products(a, space.centred().narrow(0, first, count));
    auto* const values = products.mutable_data_ptr<float>();
    for (std::int64_t r = begin; r < end; ++r) {
      float* const row = values + (r - begin) * count;
      if (asked[r] >= first && asked[r] < first + count) row[asked[r] - first] = -kInfinity;
      ranks.add_row(r, row, first, count);
    }
  }
}

Neighbours empty_neighbours(std::int64_t num_rows, std::int64_t k) {
  return {k, std::vector<std::int64_t>(num_rows * k), std::vector<double>(num_rows * k)};
}

// `rows`: no two of them equal. `query`: see nearest_neighbours; of all rows, or null.
Neighbours search_distinct(const at::Tensor& rows, std::int64_t k, Metric metric, TensorDevice device,
                           RankQuery* query) {
  Neighbours found = empty_neighbours(rows.size(0), k);
  if (k == 0) return found;
  const SearchSpace space(rows, metric);
  CandidateLists lists(rows.size(0), num_kept(k));
  if (device) {
    collect_candidates_on(*device, space, num_kept(k), lists);
  } else if (query == nullptr) {
    collect_candidates(space, lists, nullptr);
  } else {
    RankCounter ranks(space, query->rows, query->others);
    collect_candidates(space, lists, &ranks);
    query->ranks = ranks.ranks();
  }
  search_again(space, settle_all(space, lists, found), found);
  return found;
}

// From neighbours among groups of equal rows to neighbours among rows: the others of its own group are at
// distance 0, and every row of a neighbouring group is at that group's distance.
Neighbours expand(const RowGroups& groups, const Neighbours& found, std::int64_t k) {
  const auto num_rows = static_cast<std::int64_t>(groups.member.size());
  Neighbours expanded = empty_neighbours(num_rows, k);
  compute::for_each_range(num_rows, kQueriesPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      NearestList nearest(k);
      const auto offer_group = [&](std::int64_t group, double distance) {
        std::int64_t offered = 0;
        for (std::int64_t m = groups.start[group]; m < groups.start[group + 1] && offered < k; ++m) {
          if (groups.member[m] == i) continue;
          nearest.offer({distance, groups.member[m]});
          ++offered;
        }
      };
      const std::int64_t own = groups.group_of[i];
      offer_group(own, 0.0);
      for (std::int64_t n = own * found.k; n < (own + 1) * found.k; ++n) {
        if (found.distance[n] > nearest.reach()) break;
        offer_group(found.index[n], found.distance[n]);
      }
      store(nearest, i, expanded);
    }
  });
  return expanded;
}

at::Tensor first_members(const at::Tensor& rows, const RowGroups& groups) {
  std::vector<std::int64_t> first(groups.size());
  for (std::int64_t g = 0; g < groups.size(); ++g) first[g] = groups.first(g);
  return take_rows(rows, first);
}

}  // namespace

Metric metric_for(std::int64_t num_columns) {
  return num_columns > 3 ? Metric::kCosine : Metric::kEuclidean;
}

namespace {

// Apart from the search, whose products are of distinct rows, and on a device of the best ones only.
void rank_apart(const at::Tensor& rows, Metric metric, TensorDevice device, RankQuery& query) {
  const SearchSpace space(rows, metric);
  RankCounter ranks(space, query.rows, query.others);
  if (device) {
    count_ranks_on(*device, space, query.rows, ranks);
  } else {
    compute::for_each_range(
        static_cast<std::int64_t>(query.rows.size()), kQueriesPerTask,
        [&](std::int64_t begin, std::int64_t end) { count_ranks(space, query.rows, begin, end, ranks); });
  }
  query.ranks = ranks.ranks();
}

}  // namespace

Neighbours nearest_neighbours(const at::Tensor& rows, std::int64_t k, Metric metric, TensorDevice device,
                              RankQuery* query) {
  if (k < 1) throw InputError("neighbours: k is " + std::to_string(k) + ", but at least 1 is needed");
  const at::Tensor checked = checked_rows(rows, 2, 1);
  k = std::min(k, checked.size(0) - 1);
  const RowGroups groups = group_equal_rows(checked);
  const bool all_distinct = groups.size() == checked.size(0);
  const at::Tensor distinct = all_distinct ? checked : first_members(checked, groups);
  const bool asks = query != nullptr && !query->others.empty();
  const bool is_by_the_way =
      asks && all_distinct && !device && static_cast<std::int64_t>(query->rows.size()) == checked.size(0);
  const Neighbours found = search_distinct(distinct, std::min(k, groups.size() - 1), metric, device,
                                           is_by_the_way ? query : nullptr);
  if (asks && !is_by_the_way) rank_apart(checked, metric, device, *query);
  return all_distinct ? found : expand(groups, found, k);
}

}  // namespace zoetrope::analysis
