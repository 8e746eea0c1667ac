// SPDX-License-Identifier: Apache-2.0
// Ends this process when the ranks of a job do not all start, or do not all end: MPI_Init and MPI_Finalize
// wait for every rank without limit, and the watchdog, which talks over MPI, is not there then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace zoetrope::comm {

class RankWatch {
 public:
  enum class Of { kStart, kEnd };

  // From now on, until stop(): after `limit` (at least 10 s, since a busy host starts ranks slowly) a line on
  // standard error says what happened, and the process exits with code 4, upon which mpirun and srun end the
  // other ranks.
  RankWatch(Of what, std::chrono::seconds limit);
  ~RankWatch() { stop(); }
  RankWatch(const RankWatch&) = delete;
  RankWatch& operator=(const RankWatch&) = delete;

  // The ranks have met: at their start the world's watchdog takes over.
  void stop();

 private:
  void run();

  Of what_;
  std::chrono::seconds limit_;
  std::mutex mutex_;
  std::condition_variable stop_asked_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace zoetrope::comm
