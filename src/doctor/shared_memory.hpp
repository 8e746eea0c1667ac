// SPDX-License-Identifier: Apache-2.0
// /dev/shm, through which ranks of one host talk: files there take memory only when they are written to, and
// a process that writes more than there is is killed (SIGBUS).
#pragma once

#include <cstdint>
#include <string>

namespace zoetrope::doctor {

struct SharedMemory {
  std::int64_t free_bytes = 0;
  std::string error;  // the system's reason why nothing can be written there; "": it can
};

SharedMemory look_at_shared_memory();

}  // namespace zoetrope::doctor
