// SPDX-License-Identifier: Apache-2.0
// Whether a training has diverged, so that it must not be saved. Nothing here waits for the device in a step.
#pragma once

#include <cstdint>

#include "zoetrope/comm/communicator.hpp"

#include "checkpoint.hpp"
#include "state.hpp"
#include "step.hpp"

namespace zoetrope::train {

// Throws RunError where the loss of a step that `sums` are over, or the gradient's norm in one, is not
// finite. `norms`: the sum of these norms. The same on all ranks.
void require_finite(std::int64_t step, const IntervalSums& sums, double norms);

// A step's loss is that before its update. Throws RunError on every rank where the model after it has values
// that are not finite, or values so large that on some rank its logits of images of `batch`, that step's, are
// not. A pass over the values, and forward for a few images. Collective.
void require_sound(std::int64_t step, const TrainingState& state, const StepRunner& steps,
                   const LocalBatch& batch, comm::Communicator& control);

}  // namespace zoetrope::train
