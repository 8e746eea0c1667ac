// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/outliers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "order.hpp"

namespace zoetrope::analysis {
namespace {

// cleanlab/internal/constants.py, EPSILON: the least divisor of a distance. Above the 100 eps that it gives
// the scaling factor before.
constexpr double kLeastScale = 1e-6;

// cleanlab/internal/outlier.py, correct_precision_errors: distances below this are rounding errors.
double tolerance(Metric metric) {
  constexpr double kEps = std::numeric_limits<double>::epsilon();
  constexpr double kEpsNeg = kEps / 2;  // from 1 to the next number below it
  return metric == Metric::kCosine ? 100 * kEpsNeg : std::sqrt(100 * kEps);
}

}  // namespace

std::vector<double> mean_distances(const Neighbours& neighbours) {
  const std::int64_t k = neighbours.k;
  std::vector<double> mean(k == 0 ? 0 : neighbours.distance.size() / k);
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double* row = neighbours.distance.data() + i * k;
    mean[i] = std::accumulate(row, row + k, 0.0) / static_cast<double>(k);
  }
  return mean;
}

double scale_of_scores(const Neighbours& neighbours) {
  return std::max(median(mean_distances(neighbours)), kLeastScale);
}

std::vector<double> outlier_scores(const Neighbours& neighbours, Metric metric) {
  if (neighbours.distance.empty()) return {};
  return outlier_scores(neighbours, metric, scale_of_scores(neighbours));
}

std::vector<double> outlier_scores(const Neighbours& neighbours, Metric metric, double scale) {
  std::vector<double> scores = mean_distances(neighbours);
  for (double& score : scores) score = score < tolerance(metric) ? 1.0 : std::exp(-score / scale);
  return scores;
}

std::vector<std::int64_t> worst(const std::vector<double>& scores, std::int64_t count) {
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto wanted = std::clamp<std::int64_t>(count, 0, static_cast<std::int64_t>(order.size()));
  std::partial_sort(order.begin(), order.begin() + wanted, order.end(), [&](std::int64_t a, std::int64_t b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : a < b;
  });
  order.resize(wanted);
  return order;
}

}  // namespace zoetrope::analysis
