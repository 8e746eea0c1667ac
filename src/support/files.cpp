// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/files.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/progress_marks.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::support {
namespace fs = std::filesystem;

namespace {

constexpr const char* kTemporarySuffix = ".tmp";

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

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

bool is_temporary(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') && name.ends_with(kTemporarySuffix);
}

// By another process of this host, which has put its number before the suffix.
bool is_in_use(const fs::path& temporary) {
  const std::string number = temporary.stem().extension().string();
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(number.data() + std::min<std::size_t>(1, number.size()),
                                            number.data() + number.size(), pid);
  if (error != std::errc{} || pid <= 0 || pid == ::getpid()) return false;
  return ::kill(pid, 0) == 0 || errno == EPERM;
}

}  // namespace

AtomicPath::AtomicPath(fs::path final_path) : final_path_(std::move(final_path)) {
  const std::string name =
      "." + final_path_.filename().string() + "." + std::to_string(::getpid()) + kTemporarySuffix;
  temporary_ = final_path_.parent_path() / name;
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
    for (const auto& entry : fs::recursive_directory_iterator(temporary_)) flush_to_disk(entry.path());
  }
  flush_to_disk(temporary_);
  std::error_code error;
  // rename(2) replaces a file but not a folder that holds something.
  if (is_folder) fs::remove_all(final_path_, error);
  fs::rename(temporary_, final_path_, error);
  if (error) throw RunError(final_path_.string() + ": cannot be put in place: " + error.message());
  committed_ = true;
  mark_progress();
  flush_to_disk(final_path_.has_parent_path() ? final_path_.parent_path() : fs::path("."));
}

void write_file(const fs::path& path, std::string_view content) {
  const trace::Span span("writing", path);
  AtomicPath atomic(path);
  {
    const FileDescriptor fd(
        ::open(atomic.temporary().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!fd.valid()) throw RunError(path.string() + ": cannot be created: " + reason());
    while (!content.empty()) {
      const ssize_t written = ::write(fd.get(), content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw RunError(path.string() + ": cannot be written: " + reason());
      content.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  atomic.commit();
}

std::string read_file(const fs::path& path, std::size_t max_bytes) {
  const trace::Span span("reading", path);
  // A pipe, which may stand among images, would be waited for.
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) throw InputError(path.string() + ": cannot be opened: " + reason());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw InputError(path.string() + ": is not a regular file");
  std::string content;
  char chunk[1 << 16];
  while (true) {
    const ssize_t count = ::read(fd.get(), chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw InputError(path.string() + ": cannot be read: " + reason());
    if (count == 0) return content;
    mark_progress();
    content.append(chunk, static_cast<std::size_t>(count));
    if (content.size() > max_bytes)
      throw InputError(path.string() + ": is larger than the " + std::to_string(max_bytes) +
                       " bytes expected here");
  }
}

FolderLock::FolderLock(const fs::path& folder)
    : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0 || ::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(fd_);
  throw UsageError(folder.string() +
                   ": another job is training there: wait for its end, or give another --run");
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (is_temporary(entry.path()) && !is_in_use(entry.path())) fs::remove_all(entry.path(), ignored);
  }
}

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) throw InputError(path.string() + ": cannot be opened: " + reason());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw InputError(path.string() + ": is not a regular file");
  if (status.st_size == 0) throw InputError(path.string() + ": is empty");
  size_ = static_cast<std::size_t>(status.st_size);
  void* mapping = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (mapping == MAP_FAILED) throw InputError(path.string() + ": cannot be mapped: " + reason());
  data_ = static_cast<const std::byte*>(mapping);
  fd_ = fd.release();
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  ::munmap(const_cast<std::byte*>(data_), size_);
  ::close(fd_);
}

void MappedFile::read(std::size_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t count = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw InputError(path_.string() + ": cannot be read: " + reason());
    if (count == 0)
      throw InputError(path_.string() + ": byte " + std::to_string(offset) +
                       ": the file has become shorter while it was read; run it again when it is whole");
    mark_progress();
    offset += static_cast<std::size_t>(count);
    into = into.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace zoetrope::support
