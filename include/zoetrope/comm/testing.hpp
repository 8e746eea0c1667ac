// SPDX-License-Identifier: Apache-2.0
// Threads in place of ranks, so that collective code can be tested in one process. Not part of the program.
#pragma once

#include <functional>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

// Whether the ranks have memory in common (Communicator::make_common).
enum class RankMemory { kApart, kCommon };

// Threads as ranks: runs `body(communicator)` in `size` threads and rethrows the first error of any of them
// after all have ended (a thread that throws wakes the others out of their collectives with an error).
void run_as_thread_ranks(int size, const std::function<void(Communicator&)>& body,
                         RankMemory memory = RankMemory::kApart);

}  // namespace zoetrope::comm
