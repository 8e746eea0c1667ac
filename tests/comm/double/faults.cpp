// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <thread>

#include "double.hpp"

namespace zoetrope::comm::nccl_double {

namespace {
std::atomic<Fault> current{Fault::kNone};
}  // namespace

void set_fault(Fault fault) {
  current = fault;
}

Fault fault() {
  return current;
}

void wait_while(Fault fault) {
  while (current == fault) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace zoetrope::comm::nccl_double
