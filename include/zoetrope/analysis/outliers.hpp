// SPDX-License-Identifier: Apache-2.0
// cleanlab's out-of-distribution score (cleanlab 2.9, OutOfDistribution().fit_score(features=...)).
#pragma once

#include <cstdint>
#include <vector>

#include "zoetrope/analysis/neighbours.hpp"

namespace zoetrope::analysis {

// [N], of each row to its k neighbours. Unlike scores they can be compared from one checkpoint to another.
std::vector<double> mean_distances(const Neighbours& neighbours);

// [N], 0 = most atypical, 1 = typical: exp(-a / s), a = the mean distance to the k neighbours, s = the median
// of a over the set, at least 1e-6 (cleanlab's EPSILON; its other bound, 100 eps, lies below); 1 where a is
// below cleanlab's tolerance for the metric. cleanlab itself computes cosine distances in the type of its
// input: given float32 rows it is off by about 1e-7 / s.
std::vector<double> outlier_scores(const Neighbours& neighbours, Metric metric);
// The same with another s: that of other rows, to whose neighbours these distances are.
std::vector<double> outlier_scores(const Neighbours& neighbours, Metric metric, double scale);
double scale_of_scores(const Neighbours& neighbours);  // s

// The `count` rows with the lowest scores, worst first, ties by index; fewer where there are fewer rows.
std::vector<std::int64_t> worst(const std::vector<double>& scores, std::int64_t count);

}  // namespace zoetrope::analysis
