// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/training.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/cat.h>

#include "zoetrope/analysis/issues.hpp"
#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/compute/tasks.hpp"

#include "float_products.hpp"
#include "nearest_list.hpp"
#include "rows.hpp"
#include "search_space.hpp"
#include "shared_work.hpp"

namespace zoetrope::analysis {

namespace {

constexpr std::int64_t kRowsOfSearch = 32;

// The k-th highest of the scores.
float kth_score(std::vector<float> scores, std::int64_t k) {
  std::nth_element(scores.begin(), scores.begin() + (k - 1), scores.end(), std::greater{});
  return scores[static_cast<std::size_t>(k - 1)];
}

// Of row `row` of the space among its first rows, which have these scores: those that score best bound how
// far the nearest can be, and all whose score could lie within are settled in float64.
NearestList nearest_of_row(const SearchSpace& space, std::int64_t row, const std::vector<float>& scores,
                           std::int64_t k) {
  const auto count = static_cast<std::int64_t>(scores.size());
  const auto settle = [&](float least) {
    NearestList nearest(k);
    for (std::int64_t j = 0; j < count; ++j)
      if (scores[static_cast<std::size_t>(j)] >= least) nearest.offer({space.distance(row, j), j});
    return nearest;
  };
  return settle(space.least_score_within(row, settle(kth_score(scores, k)).reach()));
}

void search_batch(const SearchSpace& space, std::int64_t begin, std::int64_t end, Neighbours& found) {
  const std::int64_t among = space.size() - static_cast<std::int64_t>(found.index.size()) / found.k;
  const at::Tensor products = float_products(space.centred().narrow(0, among + begin, end - begin),
                                             space.centred().narrow(0, 0, among));
  std::vector<float> scores(static_cast<std::size_t>(among));
  for (std::int64_t i = begin; i < end; ++i) {
    const float* row = products.const_data_ptr<float>() + (i - begin) * among;
    for (std::size_t j = 0; j < scores.size(); ++j) scores[j] = row[j] + space.offsets()[j];
    const NearestList nearest = nearest_of_row(space, among + i, scores, found.k);
    for (std::int64_t n = 0; n < found.k; ++n) {
      const Neighbour& neighbour = nearest.entries()[static_cast<std::size_t>(n)];
      found.index[static_cast<std::size_t>(i * found.k + n)] = neighbour.row;
      found.distance[static_cast<std::size_t>(i * found.k + n)] = neighbour.distance;
    }
  }
}

// Among all rows together, those of `test` first.
std::vector<std::int64_t> leaks(const at::Tensor& test, const at::Tensor& training, std::int64_t k,
                                Metric metric, TensorDevice device, Team* team, IndexedSearch* index) {
  const Neighbours all =
      nearest_neighbours(at::cat({test, training}), k, metric, device, nullptr, team, index);
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
                         Team* team) {
  const at::Tensor first = checked_rows(among, 1, 1), last = checked_rows(rows, 1, 1);
  k = std::min(k, first.size(0));
  const support::Range share = share_of(last.size(0), team);
  const auto values = static_cast<std::size_t>(share.size() * k);
  Neighbours mine{k, std::vector<std::int64_t>(values), std::vector<double>(values)};
  work_together(team, [&] {
    if (share.empty()) return;
    const SearchSpace space(at::cat({first, last.narrow(0, share.begin, share.size())}), metric);
    compute::for_each_range(share.size(), kRowsOfSearch, [&](std::int64_t begin, std::int64_t end) {
      search_batch(space, begin, end, mine);
    });
  });
  return {k, join_shares(team, std::move(mine.index)), join_shares(team, std::move(mine.distance))};
}

AgainstTraining against_training(const at::Tensor& test, const at::Tensor& training, std::int64_t k,
                                 Metric metric, TensorDevice device, Team* team, SearchMethod search) {
  if (training.size(0) < 2)
    throw InputError("training images: outlier scores need two of them at least, not " +
                     std::to_string(training.size(0)) + "; use a larger --train-sample");
  IndexedSearch own{search, k}, joint{search, k};
  const bool is_exact = search == SearchMethod::kExact;
  const Neighbours fitted =
      nearest_neighbours(training, k, metric, device, nullptr, team, is_exact ? nullptr : &own);
  const Neighbours found = nearest_among(training, test, fitted.k, metric, team);
  return {outlier_scores(found, metric, scale_of_scores(fitted)), mean_distances(found),
          leaks(test, training, k, metric, device, team, is_exact ? nullptr : &joint),
          is_exact ? std::numeric_limits<double>::quiet_NaN() : joint.recall};
}

}  // namespace zoetrope::analysis
