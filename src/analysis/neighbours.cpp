// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/neighbours.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/mapped_memory.hpp"

#include "candidates.hpp"
#include "device_search.hpp"
#include "exact_search.hpp"
#include "float_products.hpp"
#include "indexed_search.hpp"
#include "nearest_list.hpp"
#include "rank_counter.hpp"
#include "rows.hpp"
#include "search_space.hpp"
#include "settled.hpp"
#include "shared_work.hpp"
#include "tiled_candidates.hpp"

namespace zoetrope::analysis {

// Those beyond k: enough that the float32 error rarely reaches from the last of them to the k-th neighbour.
std::int64_t num_kept(std::int64_t k) {
  return k + std::max<std::int64_t>(6, k / 4);
}

namespace {

constexpr std::int64_t kQueriesPerTask = 64;

// Settles candidates in float64, best score first, until no other row can be nearer than those found. How far
// all those are at least that are not settled.
double settle(const SearchSpace& space, CandidateLists& lists, std::int64_t i, NearestList& nearest) {
  for (const Candidate& candidate : lists.sorted(i)) {
    const double least = space.nearest_with_score(i, candidate.score);
    if (least > nearest.reach()) return least;
    nearest.offer({space.distance(i, candidate.row), candidate.row});
  }
  return space.nearest_with_score(i, lists.threshold(i));
}

// `order`: in which the rows are looked at; empty: as they come.
void settle_all(const SearchSpace& space, CandidateLists& lists, const std::vector<std::int64_t>& order,
                Settled& settled) {
  compute::for_each_range(space.size(), kQueriesPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t place = begin; place < end; ++place) {
      const std::int64_t i = order.empty() ? place : order[place];
      NearestList nearest(settled.nearest.k);
      settled.beyond[i] = settle(space, lists, i, nearest);
      settled.store(i, nearest);
      support::keep_mapped_limit();
    }
  });
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
void search_batch_again(const SearchSpace& space, std::span<const std::int64_t> batch, Settled& settled) {
  const Neighbours& found = settled.nearest;
  const std::int64_t width = CandidateLists::kMaxTileColumns;
  std::vector<NearestList> nearest(batch.size(), NearestList(found.k));
  const at::Tensor a = space.centred(batch);
  for (std::int64_t first = 0; first < space.size(); first += width) {
    const std::int64_t count = std::min(width, space.size() - first);
    const at::Tensor products = float_products(a, space.centred(support::Range{first, first + count}));
    for (std::size_t r = 0; r < batch.size(); ++r) {
      const double reach = found.distance[(batch[r] + 1) * found.k - 1];
      offer_within(space, batch[r], products.const_data_ptr<float>() + r * count, first, count,
                   space.least_score_within(batch[r], reach), nearest[r]);
    }
    support::keep_mapped_limit();
  }
  for (std::size_t r = 0; r < batch.size(); ++r) settled.store(batch[r], nearest[r]);
}

}  // namespace

void search_again(const SearchSpace& space, std::span<const std::int64_t> unproven, Settled& settled) {
  compute::for_each_range(static_cast<std::int64_t>(unproven.size()), kQueriesPerTask,
                          [&](std::int64_t begin, std::int64_t end) {
                            search_batch_again(space, unproven.subspan(begin, end - begin), settled);
                          });
}

namespace {

// The ranks that rows [begin, end) of those asked for ask for.
void count_ranks(const SearchSpace& space, std::span<const std::int64_t> asked, std::int64_t begin,
                 std::int64_t end, RankCounter& ranks) {
  const std::int64_t width = CandidateLists::kMaxTileColumns;
  const at::Tensor a = space.centred(asked.subspan(begin, end - begin));
  for (std::int64_t first = 0; first < space.size(); first += width) {
    const std::int64_t count = std::min(width, space.size() - first);
    at::Tensor products = float_products(a, space.centred(support::Range{first, first + count}));
    auto* const values = products.mutable_data_ptr<float>();
    for (std::int64_t r = begin; r < end; ++r) {
      float* const row = values + (r - begin) * count;
      if (asked[r] >= first && asked[r] < first + count) row[asked[r] - first] = -kInfinity;
      ranks.add_row(r, row, first, count);
    }
    support::keep_mapped_limit();
  }
}

// The candidates among this rank's share of the products, settled.
void search_share(const SearchSpace& space, const Tiling& tiling, const SearchContext& context,
                  RankQuery* query, Settled& settled) {
  const std::int64_t keep = num_kept(settled.nearest.k);
  CandidateLists lists(space.size(), keep);
  std::vector<std::int64_t> order;
  if (context.device) {
    collect_candidates_on(*context.device, space, keep, share_of(space.size(), context.team), lists);
  } else if (query == nullptr) {
    collect_candidates(space, tiling, context.team, lists, nullptr);
  } else {
    RankCounter ranks(space, query->rows, query->others);
    collect_candidates(space, tiling, context.team, lists, &ranks);
    query->ranks = ranks.ranks();
    order = ranks.order();
  }
  settle_all(space, lists, order, settled);
}

// Every rank has counted in its tiles what is nearer than an other row, and added 1.
void add_up_ranks(Team* team, std::vector<std::int64_t>& ranks) {
  if (team == nullptr) return;
  add_up(team, ranks);
  for (std::int64_t& rank : ranks) rank -= team->size() - 1;
}

// `rows`: no two of them equal. `query`: see nearest_neighbours; of all rows, or null.
Neighbours search_distinct(const RowList& rows, std::int64_t k, Metric metric, const SearchContext& context,
                           RankQuery* query) {
  const std::int64_t num_rows = rows.size();
  Team* const team = context.team;
  Settled settled(num_rows, k);
  if (k == 0) return std::move(settled.nearest);
  const Tiling tiling(num_rows, threads_of(team), context.block_rows);
  std::optional<SearchSpace> space;
  work_together(team, [&] {
    space.emplace(rows, metric, centred_for(context.block_rows));
    search_share(*space, tiling, context, query, settled);
  });
  settled.merge(team);
  work_together(team, [&] { search_again(*space, settled.unproven(share_of(num_rows, team)), settled); });
  settled.spread(team);
  if (query != nullptr) add_up_ranks(team, query->ranks);
  return std::move(settled.nearest);
}

}  // namespace

// The others of a row's own group are at distance 0, and every row of a neighbouring group is at that group's
// distance.
Neighbours expand(const RowGroups& groups, const Neighbours& found, std::int64_t k) {
  const auto num_rows = static_cast<std::int64_t>(groups.member.size());
  Settled expanded(num_rows, k);
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
      expanded.store(i, nearest);
    }
  });
  return std::move(expanded.nearest);
}

namespace {

RowList first_members(const RowList& rows, const RowGroups& groups) {
  std::vector<std::int64_t> first(groups.size());
  for (std::int64_t g = 0; g < groups.size(); ++g) first[g] = groups.first(g);
  return rows.some(first);
}

}  // namespace

Metric metric_for(std::int64_t num_columns) {
  return num_columns > 3 ? Metric::kCosine : Metric::kEuclidean;
}

namespace {

// Apart from the search, whose products are of distinct rows, and on a device of the best ones only.
std::vector<std::int64_t> ranks_apart(const RowList& rows, Metric metric, const RankQuery& query,
                                      support::Range share, const SearchContext& context) {
  const auto k = static_cast<std::int64_t>(query.others.size() / query.rows.size());
  const auto asked = std::span(query.rows).subspan(share.begin, share.size());
  const SearchSpace space(rows, metric, centred_for(context.block_rows));
  RankCounter ranks(space, asked, std::span(query.others).subspan(share.begin * k, share.size() * k));
  if (context.device) {
    count_ranks_on(*context.device, space, asked, ranks);
  } else {
    compute::for_each_range(share.size(), kQueriesPerTask, [&](std::int64_t begin, std::int64_t end) {
      count_ranks(space, asked, begin, end, ranks);
    });
  }
  return ranks.ranks();
}

void rank_apart(const RowList& rows, Metric metric, RankQuery& query, const SearchContext& context) {
  const support::Range share = share_of(static_cast<std::int64_t>(query.rows.size()), context.team);
  std::vector<std::int64_t> mine;
  work_together(context.team, [&] {
    if (!share.empty()) mine = ranks_apart(rows, metric, query, share, context);
  });
  query.ranks = join_shares(context.team, std::move(mine));
}

}  // namespace

void answer(const at::Tensor& rows, Metric metric, RankQuery& query, const SearchContext& context) {
  if (query.others.empty()) return;
  SearchContext exact = context;
  exact.index = nullptr;
  // Of all rows by the way of the shortest search, which makes half of the products.
  if (!exact.device && static_cast<std::int64_t>(query.rows.size()) == rows.size(0))
    nearest_neighbours(rows, 1, metric, exact, &query);
  else
    rank_apart(RowList({checked_rows(rows, 2, 1)}), metric, query, exact);
}

Neighbours nearest_neighbours(const RowList& rows, std::int64_t k, Metric metric,
                              const SearchContext& context, RankQuery* query) {
  if (k < 1) throw InputError("neighbours: k is " + std::to_string(k) + ", but at least 1 is needed");
  k = std::min(k, rows.size() - 1);
  const RowGroups groups = group_equal_rows(rows);
  const bool all_distinct = groups.size() == rows.size();
  const RowList distinct = all_distinct ? rows : first_members(rows, groups);
  const bool asks = query != nullptr && !query->others.empty();
  const bool is_exact = context.index == nullptr || context.index->method == SearchMethod::kExact;
  if (!is_exact && groups.size() >= kLeastIndexedRows) {
    if (asks) rank_apart(rows, metric, *query, context);
    Neighbours found;
    work_together(context.team,
                  [&] { found = search_by_index(groups, distinct, k, metric, *context.index); });
    return found;
  }
  if (is_exact && context.index != nullptr) context.index->recall = std::numeric_limits<double>::quiet_NaN();
  const bool is_by_the_way =
      asks && all_distinct && !context.device && static_cast<std::int64_t>(query->rows.size()) == rows.size();
  const Neighbours found = search_distinct(distinct, std::min(k, groups.size() - 1), metric, context,
                                           is_by_the_way ? query : nullptr);
  if (asks && !is_by_the_way) rank_apart(rows, metric, *query, context);
  return all_distinct ? found : expand(groups, found, k);
}

Neighbours nearest_neighbours(const at::Tensor& rows, std::int64_t k, Metric metric,
                              const SearchContext& context, RankQuery* query) {
  return nearest_neighbours(RowList({checked_rows(rows, 2, 1)}), k, metric, context, query);
}

}  // namespace zoetrope::analysis
