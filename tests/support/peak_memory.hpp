// SPDX-License-Identifier: Apache-2.0
// How much memory something needs at its worst, for tests of what foreign files can make a reader set aside.
#pragma once

#include <cstdint>
#include <exception>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include <malloc.h>

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

// The KiB that `work` adds to this process' memory at its peak, whether it throws or not. No other thread may
// work meanwhile. It runs in no child of this process, in which ThreadSanitizer lets no thread start. That
// sanitizer's own memory, several times the program's, hides what was set aside: its builds see `work` run,
// and 0.
inline std::int64_t peak_kib_of(const std::function<void()>& work) {
  ::malloc_trim(0);                                 // what was freed before is no room for `work`
  std::ofstream("/proc/self/clear_refs") << "5\n";  // the peak begins anew
  [[maybe_unused]] const std::int64_t before = memory_of_this_process("VmRSS:");
  try {
    work();
  } catch (const std::exception&) {
  }
#ifdef __SANITIZE_THREAD__
  return 0;
#else
  return memory_of_this_process("VmHWM:") - before;
#endif
}

}  // namespace zoetrope::support
