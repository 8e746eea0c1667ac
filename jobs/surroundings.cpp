// SPDX-License-Identifier: Apache-2.0
// What libraries end the process without, some before main() begins: looked at before they are started.
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"

namespace {

[[noreturn]] void refuse(const char* what) {
  char line[512];
  const int length = std::snprintf(line, sizeof line, "zoetrope: %s\n", what);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line, static_cast<std::size_t>(length));
  ::_exit(static_cast<int>(zoetrope::ExitCode::kFailed));
}

// Bytes of address space in use; 0 where the system does not tell.
rlim_t address_space() {
  char text[128] = {};
  const int fd = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t length = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  return length > 0 ? std::strtoull(text, nullptr, 10) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

// With less, MPI and libtorch crash.
void require_address_space() {
  constexpr rlim_t kMiB = 1 << 20;
  constexpr rlim_t kForLibraries = 1152 * kMiB;  // OpenMPI 4.1 and libtorch 2.15 on two threads: 0.9 GiB
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const rlim_t needed = address_space() + kForLibraries;
  if (limit.rlim_cur >= needed) return;
  char what[256];
  std::snprintf(
      what, sizeof what,
      "the address space is limited to %llu MiB (ulimit -v), and this program needs %llu MiB before it "
      "reads any data: raise the limit, or take it away, since it counts what is never used",
      static_cast<unsigned long long>(limit.rlim_cur / kMiB), static_cast<unsigned long long>(needed / kMiB));
  refuse(what);
}

void look_at_surroundings(int /*count*/, char** /*words*/, char** /*environment*/) {
  char folder[PATH_MAX];
  if (::getcwd(folder, sizeof folder) == nullptr && errno == ENOENT)
    refuse("the working directory is gone: change to another one");
  require_address_space();
}

// The dynamic linker calls it before the constructors of shared libraries.
[[gnu::section(".preinit_array"), gnu::used]] void (*const look_first)(int, char**,
                                                                       char**) = look_at_surroundings;

}  // namespace
