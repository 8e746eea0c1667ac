// SPDX-License-Identifier: Apache-2.0
// Where a training starts in a run directory that may hold checkpoints already.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/model/vit.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/train/checkpoint.hpp"

namespace zoetrope::train {

// The files of a checkpoint that training goes on from.
struct StoredTraining {
  model::Vit model;
  ResumePoint point;  // empty where a finished training has left no optimizer
};

struct Start {
  std::int64_t step = -1;               // of the checkpoint to go on from; -1: there is none
  bool has_optimizer = false;           // a finished training needs none, and checkpoint-0 has none
  std::optional<StoredTraining> whole;  // rank 0's: it has read the checkpoint to know that it is whole
  std::vector<std::int64_t> damaged;    // later checkpoints, passed over; rank 0's
};

// Makes the run directory and looks at its checkpoints on rank 0, which tells the others: the newest that is
// whole, read to its last byte. A damaged one is passed over with a warning. On every rank, and before
// anything is written or removed, UsageError where training would write over checkpoints that it cannot go on
// from: those of a Hugging Face Trainer, or of a run whose optimizer files were deleted; InputError where it
// would because all that it could go on from is damaged.
Start agree_on_start(const store::RunDirectory& run, std::int64_t max_steps, comm::Communicator& control);

// What `start` goes on from, which the ranks that have not read it read now. UsageError where it is of
// another model than `model`, or of other options than `identity`.
StoredTraining read_start(const store::RunDirectory& run, Start& start, const model::Vit& model,
                          const support::Json& identity);

}  // namespace zoetrope::train
