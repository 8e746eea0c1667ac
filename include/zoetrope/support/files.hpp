// SPDX-License-Identifier: Apache-2.0
// Files that are either whole or not there: written under a temporary name, flushed to disk, renamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "zoetrope/support/mapping_guard.hpp"

namespace zoetrope::support {

// A file, or a folder, being written beside its final name. Writers write to `temporary()`; `commit()`
// flushes it (and every file in it, when it is a folder) and the folder that holds it, then renames it over
// the final name, a folder, too: there is always one of the two under it. Without commit() the destructor
// removes it. Temporary names start with '.', say who writes, cannot be guessed and end with ".tmp", so that
// `remove_leftovers` can sweep what a killed job left behind.
class AtomicPath {
 public:
  explicit AtomicPath(std::filesystem::path final_path);
  ~AtomicPath();
  AtomicPath(const AtomicPath&) = delete;
  AtomicPath& operator=(const AtomicPath&) = delete;

  const std::filesystem::path& temporary() const noexcept { return temporary_; }
  // Throws RunError naming the file, with the system's reason (disk full, permission, ...).
  void commit();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

// Writes `content` as one atomic file. Throws RunError.
void write_file(const std::filesystem::path& path, std::string_view content);

// The whole file as a string. Throws InputError where there is no such file or it is larger than `max_bytes`,
// RunError where the system cannot read it now.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);

// The first bytes of a file, at most `most`. Throws as read_file().
std::string read_start(const std::filesystem::path& path, std::size_t most);

// Throws InputError where the file is one of Git LFS's pointers. read_file() and MappedFile see to that
// themselves; this is for files that a library opens.
void refuse_lfs_pointer(const std::filesystem::path& path);

// Makes the folder and those above it that are missing, and flushes them to disk. Throws RunError.
void create_folders(const std::filesystem::path& folder);

// Removes a file, if it is there. Throws RunError.
void remove_file(const std::filesystem::path& path);

// Removes a folder so that, whenever the process is killed, it is either whole or gone. What cannot be
// removed stays.
void remove_folder(const std::filesystem::path& folder);

// Deletes the temporary files and folders that a killed job left directly in `folder`: those of processes of
// this machine that have ended, and those of others that nobody has written to for an hour.
void remove_leftovers(const std::filesystem::path& folder);

// A whole file mapped read-only. Throws InputError where there is no such file or it is empty, RunError where
// the system cannot open it now.
//
// read() is for values that are wanted once and elsewhere: they take no memory twice, and a file that is cut
// while it is open is an exception. Where bytes() are looked at, that ends the process with the file's name
// (report_lost_mappings()).
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  // Fills `into` with the bytes from `offset` on. InputError where the file has become shorter, RunError
  // where it cannot be read.
  void read(std::size_t offset, std::span<std::byte> into) const;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  MappingGuard guard_;
};

}  // namespace zoetrope::support
