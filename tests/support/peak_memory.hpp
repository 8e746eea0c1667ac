// SPDX-License-Identifier: Apache-2.0
// How much memory something needs at its worst, for tests of what foreign files can make a reader set aside.
#pragma once

#include <cstdint>
#include <exception>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace zoetrope::support {

// In KiB, of /proc/self/status: "VmRSS:", "VmHWM:".
inline std::int64_t memory_of_this_process(const std::string& kind) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    std::int64_t kib = 0;
    if (word == kind && status >> kib) return kib;
  }
  throw std::runtime_error("/proc/self/status has no " + kind);
}

// The KiB that `work` adds to a process' memory at its peak, whether it throws or not. It runs in a child of
// this process.
inline std::int64_t peak_kib_of(const std::function<void()>& work) {
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no second process");
  if (child == 0) {
    std::ofstream("/proc/self/clear_refs") << "5\n";  // the peak begins anew
    const std::int64_t before = memory_of_this_process("VmRSS:");
    try {
      work();
    } catch (const std::exception&) {
    }
    const std::int64_t added = memory_of_this_process("VmHWM:") - before;
    const bool is_said = ::write(ends[1], &added, sizeof added) == sizeof added;
    ::_exit(is_said ? 0 : 1);
  }
  ::close(ends[1]);
  std::int64_t added = -1;
  const bool is_heard = ::read(ends[0], &added, sizeof added) == sizeof added;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  if (!is_heard) throw std::runtime_error("the second process ended before it was done");
  return added;
}

}  // namespace zoetrope::support
