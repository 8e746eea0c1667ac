// SPDX-License-Identifier: Apache-2.0
#include "watchdog/watchdog.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <utility>

#include <pthread.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/terminal.hpp"

#include "job_end.hpp"

namespace zoetrope::comm {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kPeriod{250};
// More than this between two beats means that the process was stopped, not that it waited.
constexpr milliseconds kLongestTick{1000};
// Deputies judge later than rank 0 would, and one after the other, so that only one line is printed.
constexpr double kFirstDeputyGrace = 2.0;
constexpr double kSecondDeputyGrace = 5.0;
constexpr milliseconds kLeaveTimeout{10000};
constexpr milliseconds kAbandonTime{2000};
constexpr milliseconds kHoldBack{1000};
constexpr milliseconds kEndTime{7000};  // whatever ending it waits for

}  // namespace

Watchdog::Watchdog(UniqueComm comm, std::shared_ptr<Activity> watch, std::vector<std::string> hosts,
                   std::chrono::seconds timeout)
    : rank_(rank_in(comm.get())),
      size_(static_cast<int>(hosts.size())),
      watch_(std::move(watch)),
      exchange_(std::move(comm)),
      views_(hosts.size()),
      last_heard_s_(hosts.size(), 0.0),
      timeout_s_(timeout.count()),
      host_(hosts[static_cast<std::size_t>(rank_)]),
      guard_(timeout_s_, [this] { end_unwatched_job(); }),
      last_tick_(Clock::now()) {
  for (int r = 0; r < size_; ++r) {
    views_[static_cast<std::size_t>(r)].report.rank = r;
    views_[static_cast<std::size_t>(r)].host = std::move(hosts[static_cast<std::size_t>(r)]);
  }
  thread_ = std::thread([this] { run(); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_asked_.notify_all();
  thread_.join();
}

void Watchdog::run() {
  pthread_setname_np(pthread_self(), "zt-watchdog");
  try {
    do {
      guard_.note_beat();
      advance_clock();
      beat();
      receive();
      if (const auto reason = watch_->failure()) end_job("rank " + std::to_string(rank_) + ": " + *reason);
      if (support::received_signal() != 0) watch_->say_last_words("");
      if (rank_ == 0) judge();
      if (is_deputy()) judge_rank_zero();
    } while (sleep_until_next_beat());
    take_leave();
  } catch (const std::exception& error) {
    end_job(std::string("the watchdog failed: ") + error.what());
  }
}

bool Watchdog::sleep_until_next_beat() {
  std::unique_lock lock(mutex_);
  return !stop_asked_.wait_for(lock, kPeriod, [this] { return stopping_; });
}

void Watchdog::advance_clock() {
  const auto now = Clock::now();
  watch_->advance(std::min<std::chrono::nanoseconds>(now - last_tick_, kLongestTick));
  last_tick_ = now;
}

void Watchdog::beat() {
  const RankReport report = watch_->report(rank_);
  for (const int listener : listeners()) exchange_.send(listener, report);
  if (rank_ == 0 && report.signal != 0) tell_of_signal(report);
  views_[static_cast<std::size_t>(rank_)].report = report;
  last_heard_s_[static_cast<std::size_t>(rank_)] = watch_->now_s();
}

// A rank that works alone for long hears of a signal to another only so.
void Watchdog::tell_of_signal(const RankReport& report) {
  for (; told_of_signal_ < size_; ++told_of_signal_) exchange_.send(told_of_signal_, report);
}

void Watchdog::receive() {
  exchange_.receive(
      [this](int rank, const RankReport& report) {
        if (report.signal != 0) support::note_signal(report.signal);
        views_[static_cast<std::size_t>(rank)].report = report;
        last_heard_s_[static_cast<std::size_t>(rank)] = watch_->now_s();
      },
      [this](int) { ++goodbyes_; });
  for (std::size_t r = 0; r < views_.size(); ++r) views_[r].silent_s = watch_->now_s() - last_heard_s_[r];
}

void Watchdog::judge() {
  if (const auto mismatch = find_mismatch(views_))
    end_job("its ranks do not make the same calls: " + *mismatch);
  const auto verdict = find_stuck(views_, static_cast<double>(timeout_s_.load()));
  if (verdict) end_job("it hangs: " + *verdict);
}

void Watchdog::judge_rank_zero() {
  const double grace = rank_ == 1 ? kFirstDeputyGrace : kSecondDeputyGrace;
  const RankView& zero = views_[0];
  if (goodbyes_ > 0 || zero.silent_s <= static_cast<double>(timeout_s_.load()) + grace) return;
  end_job("it hangs: rank 0 (" + zero.host + ") has not been heard of for " +
          std::to_string(static_cast<int>(zero.silent_s)) + " s; it was in stage \"" +
          zero.report.stage.data() + "\"");
}

void Watchdog::take_leave() {
  const auto deadline = Clock::now() + kLeaveTimeout;
  std::vector<int> to_greet = listeners();
  const auto all_sent = [&] {
    std::erase_if(to_greet, [this](int rank) { return exchange_.send_goodbye(rank); });
    const auto all = listeners();
    return to_greet.empty() &&
           std::all_of(all.begin(), all.end(), [this](int r) { return exchange_.is_idle(r); });
  };
  while (true) {
    guard_.note_beat();
    receive();
    if (all_sent() && goodbyes_ == expected_goodbyes()) return;
    if (Clock::now() > deadline) throw RunError("some rank does not end though all are done");
    std::this_thread::sleep_for(milliseconds(1));
  }
}

std::vector<int> Watchdog::listeners() const {
  if (size_ == 1) return {};
  if (rank_ != 0) return {0};
  return size_ == 2 ? std::vector<int>{1} : std::vector<int>{1, size_ - 1};
}

int Watchdog::expected_goodbyes() const {
  if (rank_ == 0) return size_ - 1;
  return is_deputy() ? 1 : 0;
}

bool Watchdog::is_deputy() const {
  return rank_ != 0 && (rank_ == 1 || rank_ == size_ - 1);
}

void Watchdog::end_unwatched_job() {
  constexpr int kCode = static_cast<int>(ExitCode::kFailed);
  end_process_after(kEndTime, kCode);
  // Where all ranks' watchdogs hang, rank 0 speaks: the others hold back, and are ended before they do.
  if (rank_ > 0) std::this_thread::sleep_for(kHoldBack);
  support::print_error_line("the job is ended: it hangs: the watchdog of rank " + std::to_string(rank_) +
                            " (" + host_ + ") has waited longer than " + std::to_string(timeout_s_.load()) +
                            " s for a device, its driver or NCCL to say how far they are");
  abort_job(kCode);
}

void Watchdog::end_job(const std::string& reason) {
  guard_.stand_down();
  end_process_after(kEndTime, static_cast<int>(ExitCode::kFailed));
  support::print_error_line("the job is ended: " + reason);
  std::packaged_task<void()> abandon([watch = watch_, reason] {
    watch->say_last_words(reason);
    watch->abandon();
  });
  const auto abandoned = abandon.get_future();
  std::thread(std::move(abandon)).detach();
  abandoned.wait_for(kAbandonTime);
  abort_job(static_cast<int>(ExitCode::kFailed));
}

}  // namespace zoetrope::comm
