// SPDX-License-Identifier: Apache-2.0
// What one process can do in a folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace zoetrope::doctor {

struct FileProbe {
  std::string type;  // of the file system: "nfs"
  std::int64_t free_bytes = 0;
  std::int64_t free_files = -1;  // -1: it does not count them
  std::string error;             // "cannot be written: No space left on device"; "": all went well
  std::string lock_error;        // why no lock can be had; "": it can, and keeps others out
  double write_s = 0;            // some MiB written
  double flush_s = 0;            // and flushed to disk

  static constexpr std::int64_t kBytes = std::int64_t{4} << 20;  // those
};

// Writes, flushes, renames, maps and locks files called `name` and something, as the rooms do, in `folder`.
FileProbe probe_files(const std::filesystem::path& folder, const std::string& name);

// Of the folder's file system.
std::string file_system_type(const std::filesystem::path& folder);

// Whether `path` is there within some seconds. Asked of its folder: a network's file system remembers for
// half a minute that a name was not there.
bool appears(const std::filesystem::path& path);

enum class LockTry { kGiven, kRefused, kNone };  // kNone: the file system has none
// A lock on the whole of `path`, which is there, as support::FolderLock takes it; kept until the process of
// the descriptor closes it.
LockTry try_lock(const std::filesystem::path& path, int& descriptor);

}  // namespace zoetrope::doctor
