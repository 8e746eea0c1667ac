// SPDX-License-Identifier: Apache-2.0
// The file of a lock: which it is, what it says of the owner, and the system's lock on it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "process_name.hpp"

namespace zoetrope::support {

enum class Grant { kGiven, kRefused, kNoLocks };

// Of an open file description: closing another one of the same file, as HDF5 and libraries do, does not lose
// it.
Grant ask_system(int fd);

struct LockOwner {
  ProcessName process;
  std::string description;  // for people
};

// What this process writes into the file, and what it does where it goes on with what its parent began, of
// whose entry `parents` is the text.
std::string own_entry();
std::string inherited_entry(std::string_view parents);

// None where the file is empty, as an owner that ended in order leaves it, or damaged: then the system's lock
// alone counts.
std::optional<LockOwner> owner_in(std::string_view text);

// Which file it is, whatever its name. What is asked of the lock's file here throws where the file system
// gives no answer, since that tells neither that another job has it nor that none has.
struct FileIdentity {
  dev_t device;
  ino_t number;
  bool operator==(const FileIdentity&) const = default;
};

FileIdentity identity_of(const std::filesystem::path& path, int fd);
std::string content_of(const std::filesystem::path& path, int fd);
// Whether the name still leads to that file.
bool is_in_place(const std::filesystem::path& path, const FileIdentity& file);

// Whoever reads the file meanwhile finds the entry before or this one. False where it cannot be written.
bool write_entry(int fd, const std::string& entry);

}  // namespace zoetrope::support
