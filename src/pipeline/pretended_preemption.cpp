// SPDX-License-Identifier: Apache-2.0
#include "pretended_preemption.hpp"

#include <chrono>
#include <csignal>

#include <unistd.h>

#include "zoetrope/support/log.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::pipeline {

namespace {

constexpr int kTimeToStop = 240;  // seconds_to_stop in slurm/job.sh

}  // namespace

void PretendedPreemption::training_goes_on() {
  if (after_s_ == 0 || thread_.joinable()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, stop, std::chrono::duration<double>(after_s_), [] { return false; })) return;
    if (stop.stop_requested()) return;
    support::log_info("--pretend-preemption: " + support::format_duration(after_s_) +
                      " are over; SIGUSR1 comes as from Slurm before a time limit");
    since_signal_ = {};
    has_come_ = true;
    ::kill(::getpid(), SIGUSR1);
  });
}

std::string PretendedPreemption::when_saved() const {
  const double seconds = since_signal_.seconds();
  return " (--pretend-preemption: saved " + support::format_fixed(seconds, 1) + " s after the signal, " +
         (seconds < kTimeToStop ? "within the " : "which is longer than the ") + std::to_string(kTimeToStop) +
         " s that slurm/job.sh gives it" +
         (seconds < kTimeToStop ? "" : ": raise --signal in the script, and seconds_to_stop in job.sh") +
         "; leave it out to go on to the end)";
}

std::string PretendedPreemption::when_not_saved() const {
  if (after_s_ == 0) return "";
  return "--pretend-preemption " + support::format_fixed(after_s_, 1) +
         (has_come_ ? ": the training has ended as the signal came, which stops what follows it"
                    : ": the training has ended before that, so nothing was tried");
}

}  // namespace zoetrope::pipeline
