// SPDX-License-Identifier: Apache-2.0
// What mpirun or srun tells a process of the job, in its environment: known before MPI has started.
#pragma once

#include <optional>
#include <string>

namespace zoetrope::comm {

struct Launcher {
  std::optional<int> rank;
  std::optional<int> size;
  std::string job;  // the same for all ranks of the job, and for no other job; "" where it is not told

  static Launcher of_environment();
};

// This machine's.
std::string host_name();

}  // namespace zoetrope::comm
