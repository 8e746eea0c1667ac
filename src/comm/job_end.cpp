// SPDX-License-Identifier: Apache-2.0
#include "job_end.hpp"

#include <cstdlib>
#include <system_error>
#include <thread>

#include <mpi.h>

namespace zoetrope::comm {

namespace {

using namespace std::chrono_literals;

constexpr auto kAbortTime = 4s;

}  // namespace

void end_process_after(std::chrono::milliseconds limit, int exit_code) noexcept {
  try {
    std::thread([limit, exit_code] {
      std::this_thread::sleep_for(limit);
      std::_Exit(exit_code);
    }).detach();
  } catch (const std::system_error&) {  // no thread more: MPI_Abort alone has to do
  }
}

void abort_job(int exit_code) noexcept {
  end_process_after(kAbortTime, exit_code);
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);  // not reached
}

}  // namespace zoetrope::comm
