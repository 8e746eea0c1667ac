// SPDX-License-Identifier: Apache-2.0
// The end of a job that fails. What hangs may hold a lock that ending it needs, too: MPI_Abort, a driver or
// standard error may never come back. The process then ends by itself, and the launcher ends the others.
#pragma once

#include <chrono>

namespace zoetrope::comm {

// From now on this process ends after `limit`, whatever its threads wait for.
void end_process_after(std::chrono::milliseconds limit, int exit_code) noexcept;

// Ends every rank at once with this exit code.
[[noreturn]] void abort_job(int exit_code) noexcept;

}  // namespace zoetrope::comm
