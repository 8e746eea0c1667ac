// SPDX-License-Identifier: Apache-2.0
// A disk that takes a second for each fsync, from when the file $SLOW_FSYNC_SINCE is there.
#include <cstdlib>

#include <sys/syscall.h>
#include <unistd.h>

extern "C" int fsync(int fd) {
  const char* since = std::getenv("SLOW_FSYNC_SINCE");
  if (since != nullptr && ::access(since, F_OK) == 0) ::usleep(1'000'000);
  return static_cast<int>(::syscall(SYS_fsync, fd));
}
