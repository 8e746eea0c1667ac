// SPDX-License-Identifier: Apache-2.0
// Damage in the small files of a run, which others of its files know how to mend.
#pragma once

#include "zoetrope/store/run_directory.hpp"

namespace zoetrope::pipeline {

// Writes config.json, preprocessor_config.json, training.json and trainer_state.json of checkpoints anew
// where a training of ours has written them and they are damaged or missing, with a warning each, from what
// the other checkpoints, the embeddings and log.csv say. What cannot be mended stays: whoever needs it says
// so. log.csv is for a job that `trains` to write; another says how it reads it. For the one rank that holds
// the run's lock.
void mend(const store::RunDirectory& run, bool trains);

}  // namespace zoetrope::pipeline
