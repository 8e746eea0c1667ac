// SPDX-License-Identifier: Apache-2.0
// instructions SCRATCH: does each of the hot paths, once to warm up and once within run_counted(), of which
// check.py has callgrind count the instructions. Prints their names in order, a line each.
#include <cstdio>
#include <exception>
#include <functional>
#include <iterator>

#include <ATen/Parallel.h>
#include <hwy/highway.h>

#include "hot_paths.hpp"

// Callgrind finds it by this name: collecting begins where it is entered, and ends, with a dump, where it is
// left.
extern "C" [[gnu::noinline]] void run_counted(const std::function<void()>& work) {
  work();
  asm volatile("" ::: "memory");  // no tail call: what is called would be counted as outside
}

int main(int argc, char** argv) try {
  using namespace zoetrope::instructions;
  if (argc != 2) {
    std::fputs("usage: instructions SCRATCH\n", stderr);
    return 2;
  }
  // Which kernels run shall not depend on the processor.
  if ((hwy::SupportedTargets() & HWY_AVX2) == 0) {
    std::fputs("instructions: the counts are those of AVX2, which this processor does not have\n", stderr);
    return 4;
  }
  hwy::SetSupportedTargetsForTest(HWY_AVX2);
  at::set_num_threads(1);
  std::vector<HotPath> paths = training_paths();
  for (std::vector<HotPath> more : {analysis_paths(), file_paths(argv[1]), picture_paths(argv[1])})
    paths.insert(paths.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  for (const HotPath& path : paths) {
    path.work();
    run_counted(path.work);
    std::puts(path.name.c_str());
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "instructions: %s\n", error.what());
  return 1;
}
