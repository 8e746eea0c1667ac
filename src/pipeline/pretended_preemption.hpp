// SPDX-License-Identifier: Apache-2.0
// What a job's time limit does to a training, tried before it matters: --pretend-preemption.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "zoetrope/support/stopwatch.hpp"

namespace zoetrope::pipeline {

// Sends this process SIGUSR1, as Slurm does before a time limit (--signal), some time after the first step.
// One rank's: the others hear of it as of any signal.
class PretendedPreemption {
 public:
  explicit PretendedPreemption(double after_s) : after_s_(after_s) {}

  // Its time counts from the first call; does nothing where none was asked for.
  void training_goes_on();
  bool has_come() const { return has_come_; }
  // What to say of it once the training is saved, on the line that says so; and where the training has ended
  // without that.
  std::string when_saved() const;
  std::string when_not_saved() const;

 private:
  double after_s_;  // 0: never
  std::atomic<bool> has_come_{false};
  support::Stopwatch since_signal_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // is asked to stop, and waited for, first
};

}  // namespace zoetrope::pipeline
