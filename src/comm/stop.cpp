// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/stop.hpp"

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

namespace zoetrope::comm {

bool is_asked_to_stop(Communicator& control) {
  return all_reduce_scalar(control, std::int64_t{support::received_signal()}, ReduceOp::kMax) != 0;
}

void stop_if_asked(Communicator& control, const std::string& what_now) {
  if (is_asked_to_stop(control)) throw Interrupted("interrupted: " + what_now);
}

}  // namespace zoetrope::comm
