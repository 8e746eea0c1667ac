// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/new_file.hpp"
#include "zoetrope/support/progress_marks.hpp"
#include "zoetrope/support/system_error.hpp"
#include "zoetrope/support/trace.hpp"

#include "file_descriptor.hpp"
#include "process_name.hpp"

namespace zoetrope::support {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";

std::string reason() {
  return std::strerror(errno);
}

void flush_to_disk(const fs::path& path) {
  const trace::Span span("flushing", path);
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // EINVAL: a file system that cannot sync folders. It has done what it can.
  if (!fd.valid() || (::fsync(fd.get()) != 0 && errno != EINVAL))
    throw RunError(path.string() + ": cannot be flushed to disk: " + reason());
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// ".NAME.WRITER.tmp"
fs::path temporary_beside(const fs::path& path) {
  return path.parent_path() /
         ("." + path.filename().string() + "." + ProcessName::own().text() + std::string(kTemporarySuffix));
}

// Of a temporary file or folder; none where the name is not one that temporary_beside() gives.
std::optional<ProcessName> writer_of(const fs::path& temporary) {
  const std::string writer = temporary.stem().extension().string();
  return writer.empty() ? std::nullopt : ProcessName::parse(std::string_view(writer).substr(1));
}

bool is_temporary(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') && name.ends_with(kTemporarySuffix);
}

// What others call so is theirs.
bool is_left_over(const fs::path& temporary) {
  const auto writer = writer_of(temporary);
  if (!writer) return false;
  const Life life = life_of(*writer);
  if (life != Life::kUnknown) return life == Life::kEnded;
  // A writer elsewhere cannot be asked; none takes that long between two writes.
  std::error_code error;
  const auto changed = fs::last_write_time(temporary, error);
  return !error && fs::file_time_type::clock::now() - changed > std::chrono::hours(1);
}

// Puts a folder where another may be, which then has the temporary name. A kill leaves one of them there, but
// on file systems that cannot exchange two names.
bool put_folder_in_place(const fs::path& temporary, const fs::path& place) {
  if (::rename(temporary.c_str(), place.c_str()) == 0) return true;
  if (errno != ENOTEMPTY && errno != EEXIST) return false;
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return false;
  const fs::path old = temporary_beside(fs::path(place) += ".old");
  return ::rename(place.c_str(), old.c_str()) == 0 && ::rename(temporary.c_str(), place.c_str()) == 0 &&
         ::rename(old.c_str(), temporary.c_str()) == 0;
}

}  // namespace

AtomicPath::AtomicPath(fs::path final_path)
    : final_path_(std::move(final_path)), temporary_(temporary_beside(final_path_)) {
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

AtomicPath::~AtomicPath() {
  if (committed_) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void AtomicPath::commit() {
  const bool is_folder = fs::is_directory(temporary_);
  if (is_folder) {
    std::error_code error;
    for (fs::recursive_directory_iterator entry(temporary_, error), end; !error && entry != end;
         entry.increment(error))
      flush_to_disk(entry->path());
    if (error) throw_system_error(temporary_, "cannot be listed", error.value());
  }
  flush_to_disk(temporary_);
  const bool is_there = is_folder ? put_folder_in_place(temporary_, final_path_)
                                  : ::rename(temporary_.c_str(), final_path_.c_str()) == 0;
  if (!is_there) throw RunError(final_path_.string() + ": cannot be put in place: " + reason());
  committed_ = true;
  mark_progress();
  flush_to_disk(folder_of(final_path_));
  std::error_code ignored;
  if (is_folder) fs::remove_all(temporary_, ignored);  // what was there
}

void write_file(const fs::path& path, std::string_view content) {
  const trace::Span span("writing", path);
  AtomicPath atomic(path);
  NewFile file(atomic.temporary(), path);
  file.write(content);
  file.close();
  atomic.commit();
}

void create_folders(const fs::path& folder) {
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return;
  create_folders(folder.has_filename() ? folder.parent_path() : folder.parent_path().parent_path());
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    throw RunError(folder.string() + ": cannot be created: " + reason());
  flush_to_disk(folder_of(folder.has_filename() ? folder : folder.parent_path()));
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) throw RunError(path.string() + ": cannot be removed: " + error.message());
}

void remove_folder(const fs::path& folder) {
  const fs::path removed = temporary_beside(folder);
  std::error_code ignored;
  if (::rename(folder.c_str(), removed.c_str()) == 0) fs::remove_all(removed, ignored);
}

void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (is_temporary(entry->path()) && is_left_over(entry->path())) fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace zoetrope::support
