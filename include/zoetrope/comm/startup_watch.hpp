// SPDX-License-Identifier: Apache-2.0
// Ends this process when the ranks of a job do not all start: MPI_Init waits for every rank without limit,
// and the watchdog, which talks over MPI, does not exist yet.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace zoetrope::comm {

class StartupWatch {
 public:
  // From now on, until end(): after `limit` (at least 10 s, since a busy host starts ranks slowly) a line on
  // standard error says what happened, and the process exits with code 4, upon which mpirun and srun end the
  // other ranks.
  explicit StartupWatch(std::chrono::seconds limit);
  ~StartupWatch() { end(); }
  StartupWatch(const StartupWatch&) = delete;
  StartupWatch& operator=(const StartupWatch&) = delete;

  // The ranks have met: the world's watchdog takes over.
  void end();

 private:
  void run();

  std::chrono::seconds limit_;
  std::mutex mutex_;
  std::condition_variable end_asked_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace zoetrope::comm
