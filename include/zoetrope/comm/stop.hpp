// SPDX-License-Identifier: Apache-2.0
// How all ranks end together after a signal on any of them (support/interruption.hpp).
#pragma once

#include <string>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

// Whether a signal has come to some rank; the same on all. `control` carries CPU tensors. Collective.
bool is_asked_to_stop(Communicator& control);

// Throws Interrupted "interrupted: <what_now>" on every rank then. Collective.
void stop_if_asked(Communicator& control, const std::string& what_now);

}  // namespace zoetrope::comm
