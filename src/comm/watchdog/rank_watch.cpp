// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/rank_watch.hpp"

#include <algorithm>
#include <cstdint>
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
    : explain_(std::move(explain)),
      what_(what),
      limit_(std::max<std::chrono::seconds>(limit, kLeastLimit)),
      thread_([this] { run(); }) {}

void RankWatch::go_on_with(Of what, std::chrono::seconds limit) {
  const std::lock_guard lock(mutex_);
  what_ = what;
  limit_ = std::max<std::chrono::seconds>(limit, kLeastLimit);
}

void RankWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_asked_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string RankWatch::describe() {
  const auto rank = Launcher::of_environment().rank;
  const std::string seen_from = " (seen from " + (rank ? "rank " + std::to_string(*rank) : "this process") +
                                " on " + host_name() + "): ";
  const std::lock_guard lock(mutex_);
  const std::string after = "after " + std::to_string(limit_.count()) + " s ";
  const std::string longer = "or with a longer --timeout";
  switch (what_) {
    case Of::kOptions:
      return after + "the options in the run's run.ini and in --config are not read" + seen_from +
             "their file system does not answer; start again when it does, " + longer;
    case Of::kStart:
      return after + "not all of its ranks have started" + seen_from +
             "one is stopped or its host does not answer; start again, without that host, " + longer;
    case Of::kEnd:
      break;
  }
  return "its work is done, but " + after + "not all of its ranks have ended" + seen_from +
         "one is stopped or its host does not answer";
}

void RankWatch::run() {
  // Ticks are counted, not the clock read: while the host is too busy to run this thread, or the process is
  // suspended, the other ranks need not have come on either.
  const auto ticks_until = [&](const std::chrono::seconds& span) {
    std::unique_lock lock(mutex_);
    for (std::int64_t ticks = 0; ticks < span / kTick; ++ticks)
      if (stop_asked_.wait_for(lock, kTick, [&] { return stopped_; })) return false;
    return true;
  };
  if (!ticks_until(limit_)) return;  // which may change meanwhile
  // One rank speaks where it can: the others hold back, and are ended before they do.
  const auto rank = Launcher::of_environment().rank;
  if (rank.value_or(0) != 0 && !ticks_until(3s)) return;
  const std::string line = explain_ ? explain_() : describe();
  if (!line.empty()) support::print_error_line("the job is ended: " + line);
  std::_Exit(static_cast<int>(ExitCode::kFailed));
}

}  // namespace zoetrope::comm
