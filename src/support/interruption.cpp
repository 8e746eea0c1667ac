// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/interruption.hpp"

#include <csignal>
#include <initializer_list>

namespace zoetrope::support {

namespace {

volatile std::sig_atomic_t signal_received = 0;

// Only sets a flag (CERT SIG30-C); a second SIGINT finds the default action and ends the process.
extern "C" void remember_signal(int signal) {
  signal_received = signal;
  if (signal == SIGINT) std::signal(SIGINT, SIG_DFL);
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = remember_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaction(signal, &action, nullptr);
}

int received_signal() noexcept {
  return signal_received;
}

}  // namespace zoetrope::support
