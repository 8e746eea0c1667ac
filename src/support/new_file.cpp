// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/new_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::support {

NewFile::NewFile(const std::filesystem::path& path, const std::filesystem::path& shown)
    : shown_(shown.empty() ? path : shown),
      fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)) {
  if (fd_ < 0) fail("cannot be created");
}

NewFile::~NewFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::string NewFile::name() const {
  return "/proc/self/fd/" + std::to_string(fd_);
}

void NewFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written (is the disk full?)");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void NewFile::write_at(std::uint64_t offset, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::pwrite(fd_, text.data(), text.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written (is the disk full?)");
    offset += static_cast<std::uint64_t>(written);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// A file server may say only now that the disk is full.
void NewFile::close() {
  if (::close(std::exchange(fd_, -1)) != 0) fail("cannot be written (is the disk full?)");
}

void NewFile::fail(const std::string& what) const {
  throw RunError(shown_.string() + ": " + what + ": " + std::strerror(errno));
}

void create_new_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0777) != 0)
    throw RunError(path.string() + ": cannot be created: " + std::strerror(errno));
}

}  // namespace zoetrope::support
