// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/background_queue.hpp"

#include <utility>

namespace zoetrope::compute {

BackgroundQueue::~BackgroundQueue() {
  std::unique_lock lock(mutex_);
  task_done_.wait(lock, [&] { return pending_ == 0; });
}

void BackgroundQueue::push(std::int64_t bytes, std::function<void()> task) {
  {
    std::unique_lock lock(mutex_);
    task_done_.wait(lock, [&] { return bytes_ == 0 || bytes_ + bytes <= max_bytes_; });
    rethrow();
    bytes_ += bytes;
    ++pending_;
  }
  thread_.submit([this, bytes, task = std::move(task)]() mutable { run(bytes, std::exchange(task, {})); });
}

void BackgroundQueue::wait() {
  std::unique_lock lock(mutex_);
  task_done_.wait(lock, [&] { return pending_ == 0; });
  rethrow();
}

// `task` and what it holds are gone before their memory counts as free.
void BackgroundQueue::run(std::int64_t bytes, std::function<void()> task) {
  std::exception_ptr error;
  try {
    if (!has_failed_) task();
  } catch (...) {
    error = std::current_exception();
  }
  task = {};
  // Notified under the lock: the destructor may go on as soon as it is free.
  const std::lock_guard lock(mutex_);
  if (error) {
    error_ = error;
    has_failed_ = true;
  }
  bytes_ -= bytes;
  --pending_;
  task_done_.notify_all();
}

void BackgroundQueue::rethrow() {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace zoetrope::compute
