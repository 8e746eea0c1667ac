// SPDX-License-Identifier: Apache-2.0
// Where a training starts in a run directory that may hold checkpoints already.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/model/vit.hpp"
#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/json.hpp"

#include "checkpoint.hpp"

namespace zoetrope::train {

// The files of a checkpoint that training goes on from.
struct StoredTraining {
  model::Vit model;
  ResumePoint point;  // empty where a finished training has left no optimizer, and of checkpoint-0
};

struct Start {
  std::int64_t step = -1;        // of what to go on from; -1: there is nothing
  std::filesystem::path folder;  // where that is
  bool has_optimizer = false;
  bool has_frames = false;  // of later steps: they are kept where training comes to the same bits again
  std::optional<StoredTraining> whole;  // rank 0's: it has read the files to know that they are whole
  // What is passed over and of no more use: later ones that are no frames, an optimizer's state after the
  // last step. Rank 0's.
  std::vector<std::filesystem::path> damaged;
};

// Makes the run directory and looks at its checkpoints on rank 0, which tells the others: the newest resume
// point that is whole, read to its last byte, or checkpoint-0. A damaged one is passed over with a warning.
// Before anything is written or removed, UsageError where training would write over checkpoints that it does
// not come to again: those of a Hugging Face Trainer, or of other options than `identity`.
Start agree_on_start(const store::RunDirectory& run, const TrainOptions& options,
                     const support::Json& identity, comm::Communicator& control);

// The model that a training from the beginning would start from.
struct AskedStart {
  const model::Vit& model;
  bool has_name_of_run = false;  // see TrainingInput
};

// What `start` goes on from, which the ranks that have not read it read now. UsageError where it is of
// another model than `asked`, or of other options than `identity`, or where the training of checkpoint-0
// began from other weights than those of `asked`. Collective over `control`.
StoredTraining read_start(Start& start, const store::RunDirectory& run, const AskedStart& asked,
                          const support::Json& identity, comm::Communicator& control);

// What was logged until `step`, of which `folder` is: log.csv, and where that is damaged, with a warning,
// what the folder has of it.
std::vector<store::LossRecord> logged_until(const store::RunDirectory& run, std::int64_t step,
                                            const std::filesystem::path& folder);

}  // namespace zoetrope::train
