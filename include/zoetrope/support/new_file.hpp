// SPDX-License-Identifier: Apache-2.0
// Files that are made, never opened: where others may write into a run's folder, a link that they have laid
// under a temporary name leads to a file that the job's owner could overwrite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace zoetrope::support {

// Readable and writable. It is given to libraries that would open a path themselves, by descriptor() or by
// name().
class NewFile {
 public:
  // RunError where something has the name already, or the file cannot be made. Errors name the path `shown`,
  // which the file is to get; else its own.
  explicit NewFile(const std::filesystem::path& path, const std::filesystem::path& shown = {});
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int descriptor() const { return fd_; }
  const std::filesystem::path& path() const { return shown_; }
  // This very file, for this process, whatever has its path meanwhile.
  std::string name() const;

  // Each throws RunError: a full disk, most often.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  void write_at(std::uint64_t offset, std::string_view text);
  void close();

 private:
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path shown_;
  int fd_ = -1;
};

// RunError where something has the name already, or the folder cannot be made.
void create_new_folder(const std::filesystem::path& path);

}  // namespace zoetrope::support
