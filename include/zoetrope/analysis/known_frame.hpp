// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/projection.hpp"
#include "zoetrope/analysis/training.hpp"

namespace zoetrope::analysis {

// What takes the time of a checkpoint's analysis and asks for no plane and no later checkpoint: it can be
// computed while the training goes on. See know_frame() in frame.hpp.
struct KnownFrame {
  Scatter scatter;
  double effective_rank = 0;
  Neighbours neighbours;                        // as many as scores or picture ask for
  double neighbour_recall = 0;                  // IndexedSearch::recall; NaN of the exact search
  Similarity to_before;                         // to the checkpoint before; NaN where there is none
  double linear_cka_to_first = 0;               // quick_linear_cka()
  std::optional<AgainstTraining> against = {};  // where training images are shown
};

}  // namespace zoetrope::analysis
