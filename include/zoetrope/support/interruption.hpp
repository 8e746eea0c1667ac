// SPDX-License-Identifier: Apache-2.0
// SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGXCPU ask the job to save and stop; a second SIGINT ends it at once.
#pragma once

namespace zoetrope::support {

// Also ignores SIGPIPE and SIGXFSZ: a closed pipe ends no work, and a file that may not grow is an error of
// write(), which names it. SIGHUP stays ignored where it is, as under nohup.
void install_signal_handlers();
// The signal that arrived, or 0. Only this process's own flag: ranks must reduce it before they branch on it.
int received_signal() noexcept;
// As if `signal` had come here: it came to another rank.
void note_signal(int signal) noexcept;

// While one lives, what this thread does may end early after a signal. For work that another attempt does
// anew, or that keeps what is done of it; not around collectives, which other ranks would wait in.
class Interruptible {
 public:
  explicit Interruptible(bool is_so = true) noexcept;
  ~Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  bool before_;
};

// Whether this thread's work may end early. Threads that it deals work to are told so by Interruptible.
bool is_interruptible() noexcept;
// Whether it must: a signal is there, too.
bool must_stop() noexcept;
// Throws Interrupted where it must. Long work comes here at least every second.
void stop_point();

}  // namespace zoetrope::support
