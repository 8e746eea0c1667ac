// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "zoetrope/compute/thread_count.hpp"

namespace zoetrope::analysis {

// Sums of LAPACK and Eigen depend on how many threads these have, and what is computed should not.
class OneThread {
 private:
  const compute::ThreadCount one_{1};
};

}  // namespace zoetrope::analysis
