// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/interruption.hpp"

#include <atomic>
#include <csignal>
#include <initializer_list>
#include <utility>

#include "zoetrope/support/error.hpp"

namespace zoetrope::support {

namespace {

std::atomic<int> signal_received{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must be able to write it");
thread_local bool interruptible = false;

// Only sets a flag (CERT SIG30-C); a second SIGINT finds the default action and ends the process.
extern "C" void remember_signal(int signal) {
  signal_received = signal;
  if (signal == SIGINT) std::signal(SIGINT, SIG_DFL);
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = remember_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGXCPU}) sigaction(signal, &action, nullptr);
  if (!is_ignored(SIGHUP)) sigaction(SIGHUP, &action, nullptr);
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
}

int received_signal() noexcept {
  return signal_received;
}

void note_signal(int signal) noexcept {
  int none = 0;
  signal_received.compare_exchange_strong(none, signal);
}

Interruptible::Interruptible(bool is_so) noexcept : before_(std::exchange(interruptible, is_so)) {}

Interruptible::~Interruptible() {
  interruptible = before_;
}

bool is_interruptible() noexcept {
  return interruptible;
}

bool must_stop() noexcept {
  return interruptible && signal_received != 0;
}

void stop_point() {
  if (must_stop())
    throw Interrupted("interrupted: what was being done is not finished; run the same command again");
}

}  // namespace zoetrope::support
