// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/training.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/mapped_memory.hpp"

#include "exact_search.hpp"
#include "float_products.hpp"
#include "issues.hpp"
#include "nearest_list.hpp"
#include "rows.hpp"
#include "search_space.hpp"
#include "shared_work.hpp"

namespace zoetrope::analysis {

namespace {

constexpr std::int64_t kRowsOfSearch = 32;
constexpr std::int64_t kScoresAtATime = 8192;

// The k-th highest of the scores.
float kth_score(std::vector<float> scores, std::int64_t k) {
  std::nth_element(scores.begin(), scores.begin() + (k - 1), scores.end(), std::greater{});
  return scores[static_cast<std::size_t>(k - 1)];
}

// The nearest of row `row` of the space among its first rows, which come with their scores, some at a time.
class NearestAmong {
 public:
  NearestAmong(const SearchSpace& space, std::int64_t row, std::int64_t k)
      : space_(space), row_(row), k_(k), nearest_(k) {}

  // Those from `first` on; the first time k or more. Of these the ones that score best bound how far the
  // nearest can be, later those found do, and all whose score could lie within are settled in float64.
  void offer(std::int64_t first, const std::vector<float>& scores) {
    const double reach = nearest_.full()
                             ? nearest_.reach()
                             : settle(first, scores, kth_score(scores, k_), NearestList(k_)).reach();
    nearest_ = settle(first, scores, space_.least_score_within(row_, reach), std::move(nearest_));
  }
  const std::vector<Neighbour>& entries() const { return nearest_.entries(); }

 private:
  NearestList settle(std::int64_t first, const std::vector<float>& scores, float least,
                     NearestList nearest) const {
    for (std::size_t j = 0; j < scores.size(); ++j) {
      const std::int64_t other = first + static_cast<std::int64_t>(j);
      if (scores[j] >= least) nearest.offer({space_.distance(row_, other), other});
    }
    return nearest;
  }

  const SearchSpace& space_;
  std::int64_t row_, k_;
  NearestList nearest_;
};

void search_batch(const SearchSpace& space, std::int64_t begin, std::int64_t end, Neighbours& found) {
  const std::int64_t among = space.size() - static_cast<std::int64_t>(found.index.size()) / found.k;
  const std::int64_t width = std::max(kScoresAtATime, found.k);
  std::vector<NearestAmong> nearest;
  for (std::int64_t i = begin; i < end; ++i) nearest.emplace_back(space, among + i, found.k);
  const at::Tensor a = space.centred(support::Range{among + begin, among + end});
  std::vector<float> scores;
  for (std::int64_t first = 0; first < among; first += width) {
    const std::int64_t count = std::min(width, among - first);
    const at::Tensor products = float_products(a, space.centred(support::Range{first, first + count}));
    const float* product = products.const_data_ptr<float>();
    for (NearestAmong& each : nearest) {
      scores.assign(product, product + count);
      product += count;
      for (std::int64_t j = 0; j < count; ++j) scores[j] += space.offsets()[first + j];
      each.offer(first, scores);
    }
    support::keep_mapped_limit();
  }
  for (std::int64_t i = begin; i < end; ++i) {
    for (std::int64_t n = 0; n < found.k; ++n) {
      const Neighbour& neighbour = nearest[i - begin].entries()[static_cast<std::size_t>(n)];
      found.index[static_cast<std::size_t>(i * found.k + n)] = neighbour.row;
      found.distance[static_cast<std::size_t>(i * found.k + n)] = neighbour.distance;
    }
  }
}

// Among all rows together, those of `test` first.
std::vector<std::int64_t> leaks(const at::Tensor& test, const at::Tensor& training, std::int64_t k,
                                Metric metric, const SearchContext& context) {
  const Neighbours all = nearest_neighbours(RowList({checked_rows(test, 1, 1), checked_rows(training, 1, 1)}),
                                            k, metric, context);
  const auto width = static_cast<std::size_t>(all.k);
  const auto num_tests = static_cast<std::size_t>(test.size(0));
  const double radius = duplicate_radius(all);
  std::vector<Neighbour> nearest(num_tests, {radius, -1});
  for (std::size_t n = 0; n < all.index.size(); ++n) {
    const auto [one, other] = std::minmax({n / width, static_cast<std::size_t>(all.index[n])});
    if (one >= num_tests || other < num_tests || !(all.distance[n] < radius)) continue;
    nearest[one] = std::min(nearest[one], {all.distance[n], static_cast<std::int64_t>(other - num_tests)});
  }
  std::vector<std::int64_t> leak;
  for (const Neighbour& neighbour : nearest) leak.push_back(neighbour.row);
  return leak;
}

}  // namespace

Neighbours nearest_among(const at::Tensor& among, const at::Tensor& rows, std::int64_t k, Metric metric,
                         const SearchContext& context) {
  const at::Tensor first = checked_rows(among, 1, 1), last = checked_rows(rows, 1, 1);
  k = std::min(k, first.size(0));
  const support::Range share = share_of(last.size(0), context.team);
  const auto values = static_cast<std::size_t>(share.size() * k);
  Neighbours mine{k, std::vector<std::int64_t>(values), std::vector<double>(values)};
  work_together(context.team, [&] {
    if (share.empty()) return;
    const SearchSpace space(RowList({first, last.narrow(0, share.begin, share.size())}), metric,
                            centred_for(context.block_rows));
    compute::for_each_range(share.size(), kRowsOfSearch, [&](std::int64_t begin, std::int64_t end) {
      search_batch(space, begin, end, mine);
    });
  });
  return {k, join_shares(context.team, std::move(mine.index)),
          join_shares(context.team, std::move(mine.distance))};
}

AgainstTraining against_training(const at::Tensor& test, const at::Tensor& training, std::int64_t k,
                                 Metric metric, const SearchContext& context) {
  if (training.size(0) < 2)
    throw InputError("training images: outlier scores need two of them at least, not " +
                     std::to_string(training.size(0)) + "; use a larger --train-sample");
  IndexedSearch own;
  SearchContext among_training = context;
  if (context.index != nullptr) {
    own = *context.index;
    among_training.index = &own;
  }
  const Neighbours fitted = nearest_neighbours(training, k, metric, among_training);
  const Neighbours found = nearest_among(training, test, fitted.k, metric, context);
  std::vector<std::int64_t> leak = leaks(test, training, k, metric, context);
  return {outlier_scores(found, metric, scale_of_scores(fitted)), mean_distances(found), std::move(leak),
          context.index == nullptr ? std::numeric_limits<double>::quiet_NaN() : context.index->recall};
}

}  // namespace zoetrope::analysis
