// SPDX-License-Identifier: Apache-2.0
// Cuts the file $ZOETROPE_TEST_CUT as soon as it is mapped, as another process may.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

bool is_to_be_cut(int fd, const char* file) {
  char link[64], path[4096];
  const int length = std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (file == nullptr || fd < 0 || length < 0) return false;
  const ssize_t size = ::readlink(link, path, sizeof path);
  return size > 0 && std::string_view(path, static_cast<std::size_t>(size)) == file;
}

}  // namespace

extern "C" void* mmap(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) noexcept {
  void* const mapped =
      reinterpret_cast<void*>(::syscall(SYS_mmap, at, size, protection, flags, fd, offset));  // NOLINT
  const char* const file = std::getenv("ZOETROPE_TEST_CUT");
  if (is_to_be_cut(fd, file) && ::truncate(file, 0) != 0) std::abort();
  return mapped;
}

extern "C" void* mmap64(void* at, std::size_t size, int protection, int flags, int fd,
                        off64_t offset) noexcept {
  return mmap(at, size, protection, flags, fd, offset);
}
