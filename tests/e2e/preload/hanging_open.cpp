// SPDX-License-Identifier: Apache-2.0
// Loaded by LD_PRELOAD: opening a file whose path ends as HANGING_OPEN says never comes back.
#include <cstdarg>
#include <cstdlib>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

extern "C" {

int open(const char* path, int flags, ...) {
  const char* ending = std::getenv("HANGING_OPEN");
  while (ending != nullptr && std::string_view(path).ends_with(ending)) ::pause();
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  va_list list;
  va_start(list, flags);
  const mode_t mode = has_mode ? va_arg(list, mode_t) : 0;
  va_end(list);
  static const auto real = reinterpret_cast<int (*)(const char*, int, ...)>(::dlsym(RTLD_NEXT, "open"));
  return real(path, flags, mode);
}

// They differ on systems of 32 bits alone.
int open64(const char* path, int flags, ...) __attribute__((alias("open")));
}
