// SPDX-License-Identifier: Apache-2.0
// How all ranks end together after a signal on any of them (support/interruption.hpp).
#pragma once

#include <functional>
#include <string>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

// Whether a signal has come to some rank; the same on all. `control` carries CPU tensors. Collective.
bool is_asked_to_stop(Communicator& control);

// Throws Interrupted "interrupted: <what_now>" on every rank then. Collective.
void stop_if_asked(Communicator& control, const std::string& what_now);

// Whether this process may be killed in a moment, saved or not: Open MPI's mpirun, when it is told to end,
// tells its ranks so with SIGTERM and gives them a second. This rank's own answer.
bool may_be_killed_soon() noexcept;

// Does `work`, in which no rank waits for another and which may end early after a signal
// (support::Interruptible); then the same. Collective.
void do_unless_asked(Communicator& control, const std::string& what_now, const std::function<void()>& work);

}  // namespace zoetrope::comm
