// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/rank_watch.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "zoetrope/comm/launcher.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/terminal.hpp"

namespace zoetrope::comm {

namespace {

using namespace std::chrono_literals;

constexpr auto kLeastLimit = 10s;
constexpr auto kTick = 100ms;

}  // namespace

RankWatch::RankWatch(Of what, std::chrono::seconds limit, Explain explain)
    : what_(what),
      limit_(std::max<std::chrono::seconds>(limit, kLeastLimit)),
      explain_(std::move(explain)),
      thread_([this] { run(); }) {}

void RankWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_asked_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string RankWatch::describe() const {
  const auto rank = Launcher::of_environment().rank;
  const bool is_start = what_ == Of::kStart;
  return std::string(is_start ? "" : "its work is done, but ") + "after " + std::to_string(limit_.count()) +
         " s not all of its ranks have " + (is_start ? "started" : "ended") + " (seen from " +
         (rank ? "rank " + std::to_string(*rank) : "this process") + " on " + host_name() +
         "): one is stopped or its host does not answer" +
         (is_start ? "; start again, without that host, or with a longer --timeout" : "");
}

void RankWatch::run() {
  // Ticks are counted, not the clock read: while the host is too busy to run this thread, or the process is
  // suspended, the other ranks need not have come on either.
  const auto ticks_until = [&](std::chrono::milliseconds span) {
    std::unique_lock lock(mutex_);
    for (auto left = span / kTick; left > 0; --left)
      if (stop_asked_.wait_for(lock, kTick, [&] { return stopped_; })) return false;
    return true;
  };
  if (!ticks_until(limit_)) return;
  // One rank speaks where it can: the others hold back, and are ended before they do.
  const auto rank = Launcher::of_environment().rank;
  if (rank.value_or(0) != 0 && !ticks_until(3s)) return;
  const std::string line = explain_ ? explain_() : describe();
  if (!line.empty()) support::print_error_line("the job is ended: " + line);
  std::_Exit(static_cast<int>(ExitCode::kFailed));
}

}  // namespace zoetrope::comm
