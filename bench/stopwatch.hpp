// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

namespace zoetrope::bench {

// The last and the fastest of several runs, by the clock on the wall and by the cores' time.
struct Stopwatch {
  double wall_s = 1e9;
  double cpu_s = 1e9;
  double last_wall_s = 0;
  double last_cpu_s = 0;

  template <typename Work>
  auto time(const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    const double cpu_start = cpu_now();
    auto result = work();
    last_wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    last_cpu_s = cpu_now() - cpu_start;
    wall_s = std::min(wall_s, last_wall_s);
    cpu_s = std::min(cpu_s, last_cpu_s);
    return result;
  }
  static double cpu_now() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
};

}  // namespace zoetrope::bench
