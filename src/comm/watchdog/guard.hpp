// SPDX-License-Identifier: Apache-2.0
// Watches the watchdog. That asks the GPU's driver and NCCL how far collectives are, and what hangs may hold
// a lock that the answer needs: on all ranks alike, so that nobody is left to judge.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace zoetrope::comm {

class Guard {
 public:
  // `timeout_s`: how long a beat may take, read anew each time. `on_silence` is called once, in the guard's
  // thread, when one takes longer; it must need nothing that the watchdog may hold.
  Guard(const std::atomic<std::int64_t>& timeout_s, std::function<void()> on_silence);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  void note_beat() { ++beats_; }
  // The watchdog ends the job itself: nothing more is asked of it.
  void stand_down() { stood_down_ = true; }

 private:
  void run();
  bool tick();  // false when stopping

  const std::atomic<std::int64_t>& timeout_s_;
  std::function<void()> on_silence_;
  std::atomic<std::int64_t> beats_{0};
  std::atomic<bool> stood_down_{false};
  std::mutex mutex_;
  std::condition_variable stop_asked_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace zoetrope::comm
