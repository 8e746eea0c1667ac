// SPDX-License-Identifier: Apache-2.0
// A disk that takes a second for each mebibyte of a model's weights.
#include <cstddef>
#include <cstdio>
#include <string_view>

#include <sys/syscall.h>
#include <unistd.h>

namespace {

bool is_model(int fd) {
  char link[64], path[4096];
  const int length = std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (length < 0) return false;
  const ssize_t size = ::readlink(link, path, sizeof path);
  return size > 0 && std::string_view(path, static_cast<std::size_t>(size)).ends_with("/model.safetensors");
}

}  // namespace

extern "C" ssize_t pread(int fd, void* into, std::size_t size, off_t offset) {
  if (size >= 65536 && is_model(fd))
    ::usleep(static_cast<useconds_t>(1e6 * static_cast<double>(size) / (1 << 20)));
  return ::syscall(SYS_pread64, fd, into, size, offset);
}

extern "C" ssize_t pread64(int fd, void* into, std::size_t size, off_t offset) {
  return pread(fd, into, size, offset);
}
