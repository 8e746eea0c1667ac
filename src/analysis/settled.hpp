// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/team.hpp"
#include "zoetrope/support/range.hpp"

#include "nearest_list.hpp"

namespace zoetrope::analysis {

// The nearest among the rows whose distances are known, and what can be said of the others.
struct Settled {
  Settled(std::int64_t num_rows, std::int64_t k);

  void store(std::int64_t row, const NearestList& list);

  // The rows of a range whose neighbours may be others than those found.
  std::vector<std::int64_t> unproven(support::Range rows) const;

  // Collective; nothing without a team. From what each rank has found among the pairs of rows that it has
  // seen, which are of no other rank, to what all have found: each gets the rows of its share.
  void merge(Team* team);
  // Gives all of them the neighbours in each rank's share.
  void spread(Team* team);

  Neighbours nearest;          // [N, k]; where fewer are known, the others have index -1, at infinity
  std::vector<double> beyond;  // [N]: no row whose distance is not known is nearer than this
};

}  // namespace zoetrope::analysis
