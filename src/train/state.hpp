// SPDX-License-Identifier: Apache-2.0
// What a training changes from step to step: the model's values and AdamW's moments. Ranks that have memory
// in common keep one copy of it there, and each sums the gradients of a share of the elements and updates
// those: what ZeRO's first stage does (Rajbhandari et al. 2020), without its messages. Elsewhere every rank
// has a copy and updates all of it.
#pragma once

#include <functional>
#include <optional>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/model/vit.hpp"
#include "zoetrope/support/range.hpp"

namespace zoetrope::train {

struct TrainingState {
  model::Vit model;
  at::Tensor exp_avg;     // first moments, flat layout
  at::Tensor exp_avg_sq;  // second moments
  // Where there is one copy: the elements that this rank updates, together with the other ranks all of them.
  std::optional<support::Range> share;
};

// The model's values, rank 0's where there is one copy, and zeros as moments. Collective.
TrainingState make_state(model::Vit model, comm::Communicator& communicator);

// Calls `write`, which writes the same to the state on every rank: on one rank only where there is one copy.
// Collective.
void write_state(const TrainingState& state, comm::Communicator& communicator,
                 const std::function<void()>& write);

}  // namespace zoetrope::train
