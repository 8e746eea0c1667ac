// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/stop.hpp"

#include <csignal>
#include <cstdlib>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

namespace zoetrope::comm {

bool is_asked_to_stop(Communicator& control) {
  return all_reduce_scalar(control, std::int64_t{support::received_signal()}, ReduceOp::kMax) != 0;
}

void stop_if_asked(Communicator& control, const std::string& what_now) {
  if (is_asked_to_stop(control)) throw Interrupted("interrupted: " + what_now);
}

bool may_be_killed_soon() noexcept {
  const int signal = support::received_signal();
  return signal != 0 && signal != SIGUSR1 && std::getenv("OMPI_COMM_WORLD_RANK") != nullptr;
}

void do_unless_asked(Communicator& control, const std::string& what_now, const std::function<void()>& work) {
  try {
    const support::Interruptible until_asked;
    work();
  } catch (const Interrupted&) {
    // The other ranks hear of it now.
  }
  stop_if_asked(control, what_now);
}

}  // namespace zoetrope::comm
