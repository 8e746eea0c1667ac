// SPDX-License-Identifier: Apache-2.0
// The thread of each rank that ends the job when a collective waits for too long. Every rank tells rank 0
// where it is; rank 0 judges. Rank 0 itself is watched by its deputies, rank 1 and the last rank; the thread
// itself is watched by its guard.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "watchdog/activity.hpp"
#include "watchdog/guard.hpp"
#include "watchdog/hang_report.hpp"
#include "watchdog/heartbeat.hpp"

namespace zoetrope::comm {

class Watchdog {
 public:
  // `comm` is the watchdogs' own; `hosts` has one name per rank of it.
  Watchdog(UniqueComm comm, std::shared_ptr<Activity> watch, std::vector<std::string> hosts,
           std::chrono::seconds timeout);
  // All ranks must have passed a common point after which none waits; takes leave of the other watchdogs.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void set_timeout(std::chrono::seconds timeout) { timeout_s_ = timeout.count(); }
  std::chrono::seconds timeout() const { return std::chrono::seconds(timeout_s_); }

 private:
  void run();
  bool sleep_until_next_beat();  // false when stopping
  void advance_clock();
  void beat();
  void tell_of_signal(const RankReport& report);
  void receive();
  void judge();
  void judge_rank_zero();
  void take_leave();
  std::vector<int> listeners() const;  // who gets this rank's reports
  int expected_goodbyes() const;
  bool is_deputy() const;
  void end_unwatched_job();  // in the guard's thread
  [[noreturn]] void end_job(const std::string& reason);

  int rank_ = 0;
  int size_ = 1;
  std::shared_ptr<Activity> watch_;
  HeartbeatExchange exchange_;
  std::vector<RankView> views_;       // by rank; a deputy keeps only rank 0's up to date
  std::vector<double> last_heard_s_;  // on watch_'s clock
  int goodbyes_ = 0;
  int told_of_signal_ = 1;  // by rank 0: the first rank that is not
  std::atomic<std::int64_t> timeout_s_;

  const std::string host_;
  Guard guard_;

  std::chrono::steady_clock::time_point last_tick_;
  std::mutex mutex_;
  std::condition_variable stop_asked_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace zoetrope::comm
