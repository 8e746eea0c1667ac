// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/files.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress_marks.hpp"
#include "zoetrope/support/system_error.hpp"
#include "zoetrope/support/trace.hpp"

#include "file_descriptor.hpp"
#include "listing_now.hpp"

namespace zoetrope::support {
namespace fs = std::filesystem;

namespace {

// Without O_NONBLOCK a pipe, which may stand among images, would be waited for.
FileDescriptor open_to_read(const fs::path& path) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  int fd = ::open(path.c_str(), kFlags);
  // Another host may have written it since this one last looked.
  if (fd < 0 && errno == ENOENT) {
    const bool is_there = is_listed_now(path);
    errno = ENOENT;
    if (is_there) fd = ::open(path.c_str(), kFlags);
  }
  if (fd < 0) throw_system_error(path, "cannot be opened", errno);
  return FileDescriptor(fd);
}

std::size_t size_of_regular_file(const fs::path& path, const FileDescriptor& fd) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_system_error(path, "cannot be looked at", errno);
  if (!S_ISREG(status.st_mode)) throw InputError(path.string() + ": is not a regular file");
  return static_cast<std::size_t>(status.st_size);
}

// What a clone without Git LFS has in place of a large file: a text of three lines.
void refuse_lfs_pointer(const fs::path& path, const FileDescriptor& fd, std::size_t size) {
  constexpr std::size_t kMostBytes = 1024;
  constexpr std::string_view kStart = "version https://git-lfs.github.com/spec/v";
  char start[kStart.size()];
  if (size < kStart.size() || size > kMostBytes) return;
  const ssize_t count = ::pread(fd.get(), start, sizeof start, 0);  // whoever reads the file says what failed
  if (count == std::ssize(start) && std::string_view(start, sizeof start) == kStart)
    throw InputError(path.string() +
                     ": is a Git LFS pointer, not the file that it stands for; git lfs pull, in its "
                     "repository, brings that");
}

[[noreturn]] void refuse_size(const fs::path& path, std::size_t max_bytes) {
  throw InputError(path.string() + ": is larger than the " + std::to_string(max_bytes) +
                   " bytes expected here");
}

std::string read_once(const fs::path& path, std::size_t max_bytes) {
  const FileDescriptor fd = open_to_read(path);
  const std::size_t size = size_of_regular_file(path, fd);
  refuse_lfs_pointer(path, fd, size);
  if (size > max_bytes) refuse_size(path, max_bytes);
  std::string content;
  content.reserve(size);
  char chunk[1 << 16];
  while (true) {
    const ssize_t count = ::read(fd.get(), chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error(path, "cannot be read", errno);
    if (count == 0) return content;
    mark_progress();
    content.append(chunk, static_cast<std::size_t>(count));
    if (content.size() > max_bytes) refuse_size(path, max_bytes);  // it grows
  }
}

}  // namespace

std::string read_file(const fs::path& path, std::size_t max_bytes) {
  const trace::Span span("reading", path);
  return try_again([&] { return read_once(path, max_bytes); });
}

std::string read_start(const fs::path& path, std::size_t most) {
  return try_again([&] {
    const FileDescriptor fd = open_to_read(path);
    std::string start(std::min(most, size_of_regular_file(path, fd)), '\0');
    std::size_t done = 0;
    while (done < start.size()) {
      const ssize_t count = ::read(fd.get(), start.data() + done, start.size() - done);
      if (count < 0 && errno != EINTR) throw_system_error(path, "cannot be read", errno);
      if (count == 0) break;
      done += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    start.resize(done);
    return start;
  });
}

void refuse_lfs_pointer(const fs::path& path) {
  const FileDescriptor fd = try_again([&] { return open_to_read(path); });
  refuse_lfs_pointer(path, fd, size_of_regular_file(path, fd));
}

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  FileDescriptor fd = try_again([&] {
    FileDescriptor opened = open_to_read(path);
    size_ = size_of_regular_file(path, opened);
    refuse_lfs_pointer(path, opened, size_);
    return opened;
  });
  if (size_ == 0) throw InputError(path.string() + ": is empty");
  void* mapping = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (mapping == MAP_FAILED) throw_system_error(path, "cannot be mapped", errno);
  data_ = static_cast<const std::byte*>(mapping);
  fd_ = fd.release();
  guard_ = {mapping, size_,
            path.string() +
                ": the file has become shorter, or its disk has failed, while it was read; run it "
                "again when it is whole"};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      guard_(std::move(other.guard_)) {}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  guard_ = {};
  ::munmap(const_cast<std::byte*>(data_), size_);
  ::close(fd_);
}

void MappedFile::read(std::size_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    stop_point();
    const auto count = try_again([&] {
      const ssize_t got = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
      if (got < 0 && errno != EINTR) throw_system_error(path_, "cannot be read", errno);
      return got;
    });
    if (count < 0) continue;
    if (count == 0)
      throw InputError(path_.string() + ": byte " + std::to_string(offset) +
                       ": the file has become shorter while it was read; run it again when it is whole");
    mark_progress();
    offset += static_cast<std::size_t>(count);
    into = into.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace zoetrope::support
