// SPDX-License-Identifier: Apache-2.0
#include "watchdog/guard.hpp"

#include <utility>

#include <pthread.h>

namespace zoetrope::comm {

namespace {

constexpr std::chrono::milliseconds kGuardTick{250};

}  // namespace

Guard::Guard(const std::atomic<std::int64_t>& timeout_s, std::function<void()> on_silence)
    : timeout_s_(timeout_s), on_silence_(std::move(on_silence)), thread_([this] { run(); }) {}

Guard::~Guard() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_asked_.notify_all();
  thread_.join();
}

bool Guard::tick() {
  std::unique_lock lock(mutex_);
  return !stop_asked_.wait_for(lock, kGuardTick, [this] { return stopping_; });
}

void Guard::run() {
  pthread_setname_np(pthread_self(), "zt-guard");
  // Ticks are counted, not the clock read: while the whole process is suspended, the watchdog is, too.
  std::int64_t seen = 0;
  std::chrono::milliseconds silent{0};
  while (tick()) {
    const std::int64_t beats = beats_;
    silent = beats == seen ? silent + kGuardTick : kGuardTick;
    seen = beats;
    if (stood_down_ || silent <= std::chrono::seconds(timeout_s_)) continue;
    stood_down_ = true;
    on_silence_();
  }
}

}  // namespace zoetrope::comm
