// SPDX-License-Identifier: Apache-2.0
// Keeps jobs that write apart.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace zoetrope::support {

struct LockOptions {
  std::chrono::milliseconds patience = std::chrono::seconds(600);  // how long an owner is waited for
  bool take_over = false;  // whoever has it loses it: for a person who knows that it no longer runs
  std::chrono::milliseconds beat = std::chrono::seconds(5);  // an owner shows so often that it lives
};

// A file in a folder that says who works there, removed at the end. Processes of one machine, and of all
// machines where the file system has locks for them, are kept apart by the system's lock on it (OFD locks of
// Linux). Where there is none, or not across machines, an owner elsewhere counts as long as it changes the
// file's time: every 5 s, until it has been silent for 30 s.
class FolderLock {
 public:
  // Waits for an owner. RunError where it still has the lock after `options.patience`; Interrupted on a
  // signal; InputError where there is no such folder. `on_loss` is called by a thread of the lock, with what
  // has happened, where another job has taken it over or somebody has removed the file: this one must not
  // write any more.
  FolderLock(const std::filesystem::path& folder, const std::string& file_name, const LockOptions& options,
             std::function<void(const std::string&)> on_loss);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // The three of a child of fork() that goes on with the work of its parent, which has ended. All locks that
  // the parent had are the child's from the first on, and shown to be as an owner does; false where another
  // job has one already. `on_loss` is called by a thread of the child where that happens later.
  static bool inherit(void (*on_loss)());
  // Whether no other job has taken one over: to be asked before anything is written.
  static bool are_inherited_held();
  // At its end.
  static void release_inherited();

 private:
  class Held;
  std::unique_ptr<Held> held_;
};

}  // namespace zoetrope::support
