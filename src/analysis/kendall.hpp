// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace zoetrope::analysis {

// Kendall's tau-b of two lists of as many values: of all pairs, those that both order alike less those that
// they order the other way, over the geometric mean of how many each orders at all. In N log N, after Knight,
// "A Computer Method for Calculating Kendall's Tau with Ungrouped Data" (1966). scipy.stats.kendalltau. NaN
// where all values of one are equal.
double kendall_tau(std::span<const double> a, std::span<const double> b);

}  // namespace zoetrope::analysis
