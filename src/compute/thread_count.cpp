// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/thread_count.hpp"

#include <ATen/Parallel.h>
#include <omp.h>

// See tasks.cpp. 0: as many as the library takes by itself.
extern "C" int MKL_Set_Num_Threads_Local(int threads) __attribute__((weak));

namespace zoetrope::compute {

// at::get_num_threads() has given the thread its number first, if it had none.
ThreadCount::ThreadCount(int count) : before_(at::get_num_threads()) {
  omp_set_num_threads(count);
  if (MKL_Set_Num_Threads_Local != nullptr) products_before_ = MKL_Set_Num_Threads_Local(count);
}

ThreadCount::~ThreadCount() {
  omp_set_num_threads(before_);
  if (MKL_Set_Num_Threads_Local != nullptr) MKL_Set_Num_Threads_Local(products_before_);
}

}  // namespace zoetrope::compute
