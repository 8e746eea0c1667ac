// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/tasks.hpp"

// MKL's function of this name; it returns the setting before. libtorch exports it where it was built with
// MKL.
extern "C" int MKL_Set_Num_Threads_Local(int threads) __attribute__((weak));

namespace zoetrope::compute {

ProductsOnThisThread::ProductsOnThisThread() {
  if (MKL_Set_Num_Threads_Local != nullptr) before_ = MKL_Set_Num_Threads_Local(1);
}

ProductsOnThisThread::~ProductsOnThisThread() {
  if (MKL_Set_Num_Threads_Local != nullptr) MKL_Set_Num_Threads_Local(before_);
}

}  // namespace zoetrope::compute
