// SPDX-License-Identifier: Apache-2.0
// Images that deserve a look: whose label is probably wrong, and which are there more than once. As cleanlab
// 2.9 finds them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zoetrope/analysis/neighbours.hpp"

#include "classify.hpp"

namespace zoetrope::analysis {

// [N], 1 where a label is probably wrong, else 0: cleanlab.filter.find_label_issues(labels, pred_probs), by
// confident learning and noise rates (Northcutt et al., "Confident Learning: Estimating Uncertainty in
// Dataset Labels", 2021). A label that is no class is left out.
// Where values are equal, cleanlab's order is that of numpy.argsort, which depends on the processor; here it
// is that of a stable sort.
std::vector<std::int64_t> label_issues(const Softmax& probability, std::span<const std::int64_t> labels);

// [N], the smallest index of the set of near duplicates to which a row belongs, -1 where it belongs to none.
// Near duplicates, as of cleanlab's Datalab, are neighbours nearer than 0.13 times the median distance of a
// row to its nearest (at least 1e-6); a set is what hangs together by them.
std::vector<std::int64_t> duplicate_sets(const Neighbours& neighbours);
// Below which distance that is.
double duplicate_radius(const Neighbours& neighbours);

}  // namespace zoetrope::analysis
