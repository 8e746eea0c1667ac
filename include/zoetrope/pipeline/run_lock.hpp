// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/support/folder_lock.hpp"

namespace zoetrope::pipeline {

// Whether a run is in the folder, or has been begun there: checkpoints, or what a job leaves before them.
bool holds_run(const std::filesystem::path& folder);

// Looks for the run directory on rank 0, since a rank's own view of it may be older, makes it where the job
// begins a run, and keeps other jobs that write out of it for as long as what is returned lives (rank 0's). A
// page that follows a run keeps out only others of its kind. Collective. InputError where there is no such
// directory, or it holds no run and the job begins none, and then nothing is written there; RunError,
// Interrupted as FolderLock.
std::unique_ptr<support::FolderLock> open_run_directory(Session& session, bool starts_run,
                                                        const support::LockOptions& options);

}  // namespace zoetrope::pipeline
