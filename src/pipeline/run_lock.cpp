// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/run_lock.hpp"

#include <filesystem>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/terminal.hpp"

#include "run_folder.hpp"

namespace zoetrope::pipeline {

namespace {

constexpr const char* kLock = ".zoetrope.lock";
constexpr const char* kLiveLock = ".zoetrope.live.lock";

// A page may follow a run that begins later; and none begins within a checkpoint of another.
void require_run(const Session& session, bool starts_run) {
  const std::filesystem::path& root = session.run().root;
  if (!support::is_directory(root)) throw InputError(root.string() + ": is not a directory");
  if (holds_run(root)) return;
  const bool may_begin = starts_run ? !is_checkpoint(root) : session.options().review.live;
  if (!may_begin) refuse_without_checkpoints(root);
}

std::unique_ptr<support::FolderLock> open_here(Session& session, bool starts_run,
                                               const support::LockOptions& options) {
  const std::filesystem::path& root = session.run().root;
  if (starts_run) support::create_folders(root);
  require_run(session, starts_run);
  return std::make_unique<support::FolderLock>(root, session.options().review.live ? kLiveLock : kLock,
                                               options, [&world = session.world()](const std::string& what) {
                                                 support::print_error_line(what);
                                                 world.abort(static_cast<int>(ExitCode::kFailed));
                                               });
}

}  // namespace

bool holds_run(const std::filesystem::path& folder) {
  const store::RunDirectory run{folder};
  return !run.checkpoint_steps().empty() || !run.resume_steps().empty() ||
         support::is_listed(run.run_ini()) || support::is_listed(run.log_csv()) ||
         support::is_listed(folder / kLock);
}

std::unique_ptr<support::FolderLock> open_run_directory(Session& session, bool starts_run,
                                                        const support::LockOptions& options) {
  std::unique_ptr<support::FolderLock> lock;
  std::string interruption;
  if (session.is_root()) {
    try {
      lock = open_here(session, starts_run, options);
    } catch (const Interrupted& interrupted) {
      interruption = interrupted.what();
    }
  }
  interruption = comm::broadcast_string(session.communicator(), interruption, 0);
  if (!interruption.empty()) throw Interrupted(interruption);
  return lock;
}

}  // namespace zoetrope::pipeline
