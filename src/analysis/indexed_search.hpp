// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "zoetrope/analysis/neighbours.hpp"

#include "rows.hpp"

namespace zoetrope::analysis {

// nearest_neighbours() by an index of FAISS. `distinct`: the first row of each group, in their order.
Neighbours search_by_index(const RowGroups& groups, const RowList& distinct, std::int64_t k, Metric metric,
                           IndexedSearch& search);

}  // namespace zoetrope::analysis
