// SPDX-License-Identifier: Apache-2.0
// Ends this process when it does not get through what comes before MPI, or the ranks of a job do not all
// start, or do not all end: MPI_Init and MPI_Finalize wait for every rank without limit, and the watchdog,
// which talks over MPI, is not there then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace zoetrope::comm {

class RankWatch {
 public:
  enum class Of { kOptions, kStart, kEnd };  // kOptions: the INI files are being read

  // From now on, until stop(): after `limit` (at least 10 s, since a busy host starts ranks slowly) a line on
  // standard error says what happened, and the process exits with code 4, upon which mpirun and srun end the
  // other ranks. `explain`, called in the watch's thread, has a better line, and may do what is to be done
  // before the end; "": another rank has said it.
  using Explain = std::function<std::string()>;
  RankWatch(Of what, std::chrono::seconds limit, Explain explain = {});
  ~RankWatch() { stop(); }
  RankWatch(const RankWatch&) = delete;
  RankWatch& operator=(const RankWatch&) = delete;

  // From now on it is of `what`, and ends this process `limit` (at least 10 s) after the watch's beginning.
  void go_on_with(Of what, std::chrono::seconds limit);

  // The ranks have met: at their start the world's watchdog takes over.
  void stop();

 private:
  void run();
  std::string describe();

  Explain explain_;
  std::mutex mutex_;  // of what follows
  Of what_;
  std::chrono::seconds limit_;
  std::condition_variable stop_asked_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace zoetrope::comm
