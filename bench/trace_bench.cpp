// SPDX-License-Identifier: Apache-2.0
// What a span of the timeline costs: nanoseconds of CPU time of a pass of a loop without one, with one while
// nothing is recorded, and while it is; all in turn, round by round.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

#include "zoetrope/support/timeline.hpp"
#include "zoetrope/support/trace.hpp"

namespace {

using namespace zoetrope::trace;

// The optimizer must take it for used.
void keep(std::int64_t& value) {
  asm volatile("" : "+r"(value));
}

double cpu_nanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

template <typename Pass>
double nanoseconds_of(std::int64_t passes, const Pass& pass) {
  const double start = cpu_nanoseconds();
  for (std::int64_t i = 0; i < passes; ++i) pass(i);
  return (cpu_nanoseconds() - start) / static_cast<double>(passes);
}

void print(const char* name, std::vector<double> nanoseconds) {
  std::ranges::sort(nanoseconds);
  std::printf("%-24s %7.2f ns at least, %7.2f ns in the middle\n", name, nanoseconds.front(),
              nanoseconds[nanoseconds.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc == 2 && std::strcmp(argv[1], "--smoke") == 0;
  const std::int64_t passes = smoke ? 1000 : 100'000;
  const int rounds = smoke ? 2 : 31;
  const auto empty = [](std::int64_t i) { keep(i); };
  const auto with_span = [](std::int64_t i) {
    const Span span("pass", "number", i);
    keep(i);
  };
  std::vector<double> without, off, on;
  for (int round = 0; round < rounds; ++round) {
    without.push_back(nanoseconds_of(passes, empty));
    off.push_back(nanoseconds_of(passes, with_span));
    start_recording(now(), ".");
    on.push_back(nanoseconds_of(passes, with_span));
    stop_recording();
    if (dropped_spans() > 0) return 1;
  }
  print("the loop alone", without);
  print("nothing is recorded", off);
  print("spans are recorded", on);
  return 0;
}
