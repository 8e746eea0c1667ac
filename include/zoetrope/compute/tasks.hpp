// SPDX-License-Identifier: Apache-2.0
// Independent pieces of work dealt to this rank's threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <ATen/Parallel.h>

#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/mapped_memory.hpp"
#include "zoetrope/support/progress_marks.hpp"

#ifndef _OPENMP
#error "at::parallel_for is serial in a translation unit that is compiled without OpenMP"
#endif

namespace zoetrope::compute {

// While it lives, this thread's matrix products stay on this thread without asking OpenMP for a team of one
// each time: for small products that takes as long as they do. Does nothing where libtorch has no MKL.
class ProductsOnThisThread {
 public:
  ProductsOnThisThread();
  ~ProductsOnThisThread();
  ProductsOnThisThread(const ProductsOnThisThread&) = delete;
  ProductsOnThisThread& operator=(const ProductsOnThisThread&) = delete;

 private:
  int before_ = 0;
};

// Calls task(0), ..., task(count - 1), each once, on at::get_num_threads() threads. A matrix product inside a
// task runs on that task's thread alone, so what a task computes does not depend on the number of threads.
// An exception from a task is rethrown here once the others have finished. Interrupted, before all have
// begun, where the caller must stop (support/interruption.hpp).
template <typename Task>
void for_each_task(std::int64_t count, const Task& task) {
  std::atomic<std::int64_t> next{0};
  const bool may_end_early = support::is_interruptible();
  const auto work = [&](std::int64_t, std::int64_t) {
    const ProductsOnThisThread products;
    const support::Interruptible as_the_caller(may_end_early);
    for (std::int64_t i = next++; i < count; i = next++) {
      support::stop_point();
      task(i);
      support::keep_mapped_limit();
      support::mark_progress();
    }
  };
  // Never fewer than two: with a range of one, parallel_for stays outside an OpenMP region and the products
  // would use every thread, in an order of summation that depends on how many there are.
  at::parallel_for(0, std::max<std::int64_t>(2, at::get_num_threads()), 1, work);
}

// The same for the ranges [0, size), [size, 2 size), ... of count items.
template <typename Task>
void for_each_range(std::int64_t count, std::int64_t size, const Task& task) {
  for_each_task((count + size - 1) / size,
                [&](std::int64_t i) { task(i * size, std::min(count, (i + 1) * size)); });
}

}  // namespace zoetrope::compute
