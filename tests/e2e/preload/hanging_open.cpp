// SPDX-License-Identifier: Apache-2.0
// Loaded by LD_PRELOAD: opening a file whose path ends as HANGING_OPEN says never comes back.
#include <cstdarg>
#include <cstdlib>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

int opened(const char* name, const char* path, int flags, mode_t mode) {
  const char* ending = std::getenv("HANGING_OPEN");
  while (ending != nullptr && std::string_view(path).ends_with(ending)) ::pause();
  const auto real = reinterpret_cast<int (*)(const char*, int, ...)>(::dlsym(RTLD_NEXT, name));
  return real(path, flags, mode);
}

bool has_mode(int flags) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = has_mode(flags) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return opened("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = has_mode(flags) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return opened("open64", path, flags, mode);
}
}
