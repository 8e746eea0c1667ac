// SPDX-License-Identifier: Apache-2.0
// Files that are either whole or not there: written under a temporary name, flushed to disk, renamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace zoetrope::support {

// A file, or a folder, being written beside its final name. Writers write to `temporary()`; `commit()`
// flushes it (and every file in it, when it is a folder) and the folder that holds it, then renames it over
// the final name. Without commit() the destructor removes it. Temporary names start with '.' and end with
// ".tmp", so that `remove_leftovers` can sweep what a killed job left behind.
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

// The whole file as a string. Throws InputError when it cannot be read or is larger than `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);

// Keeps other processes that ask for it out of a folder, as long as it lives. Where the file system knows no
// locks, it keeps nobody out.
class FolderLock {
 public:
  // Throws UsageError where another process has the lock.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

// Deletes the temporary files and folders that a killed job left directly in `folder`.
void remove_leftovers(const std::filesystem::path& folder);

// A whole file mapped read-only. Throws InputError when it cannot be opened or is empty.
//
// read() is for values that are wanted once and elsewhere: they take no memory twice, and a file that is cut
// while it is open is an error instead of a SIGBUS.
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
  // Fills `into` with the bytes from `offset` on. InputError where the file has become shorter.
  void read(std::size_t offset, std::span<std::byte> into) const;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace zoetrope::support
