// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/background_queue.hpp"

#include <chrono>
#include <utility>

#include "heir.hpp"

namespace zoetrope::compute {

namespace {

constexpr std::chrono::milliseconds kBetweenLooks{20};  // at whether this process may be killed

}  // namespace

BackgroundQueue::BackgroundQueue(std::size_t max_tasks, std::int64_t max_bytes,
                                 std::function<bool()> may_be_killed, std::function<void()> before_heir)
    : max_tasks_(max_tasks),
      max_bytes_(max_bytes),
      may_be_killed_(std::move(may_be_killed)),
      before_heir_(std::move(before_heir)) {}

BackgroundQueue::~BackgroundQueue() {
  std::unique_lock lock(mutex_);
  task_done_.wait(lock, [&] { return pending_.empty(); });
}

void BackgroundQueue::push(std::int64_t bytes, std::function<void()> task) {
  {
    std::unique_lock lock(mutex_);
    const bool has_room = wait_for_room(lock, bytes);
    rethrow();
    const bool needs_heir = !has_room && !heir_ && !has_failed_;
    if (needs_heir) prepare_for_heir();  // throws, perhaps, and then nothing is queued
    bytes_ += bytes;
    pending_.push_back({bytes, std::move(task)});
    if (needs_heir) make_heir();
  }
  thread_.submit([this] { run_next(); });
}

// False where this process may be killed before there is any.
bool BackgroundQueue::wait_for_room(std::unique_lock<std::mutex>& lock, std::int64_t bytes) {
  while (pending_.size() >= max_tasks_ || (bytes_ != 0 && bytes_ + bytes > max_bytes_)) {
    if (may_be_killed_ && may_be_killed_()) return false;
    task_done_.wait_for(lock, kBetweenLooks);
  }
  return true;
}

void BackgroundQueue::wait() {
  std::unique_lock lock(mutex_);
  task_done_.wait(lock, [&] { return pending_.empty(); });
  heir_.reset();
  rethrow();
}

void BackgroundQueue::leave_to_heir() {
  const std::lock_guard lock(mutex_);
  if (pending_.empty() || has_failed_ || (heir_ && heir_->num_left() == pending_.size())) return;
  prepare_for_heir();
  make_heir();
}

void BackgroundQueue::prepare_for_heir() {
  if (before_heir_) before_heir_();
}

// Under the lock. One that is there is needed until the new one is.
void BackgroundQueue::make_heir() {
  heir_ = std::make_unique<Heir>(pending_.size(), [this](std::size_t i) {
    if (!pending_[i].is_done) pending_[i].task();  // else it was about to be taken away
  });
}

// The task and what it holds are gone before their memory counts as free.
void BackgroundQueue::run_next() {
  Entry* next = nullptr;
  {
    const std::lock_guard lock(mutex_);
    next = &pending_.front();
  }
  std::exception_ptr error;
  try {
    if (!has_failed_) next->task();
  } catch (...) {
    error = std::current_exception();
  }
  {
    // From here on nobody who is forked may call what is about to be freed.
    const std::lock_guard lock(mutex_);
    next->is_done = true;
  }
  next->task = {};
  // Notified under the lock: the destructor may go on as soon as it is free.
  const std::lock_guard lock(mutex_);
  if (error) {
    error_ = std::move(error);  // no reference stays here: the caller alone frees what it reads
    has_failed_ = true;
  }
  bytes_ -= next->bytes;
  pending_.pop_front();
  if (heir_) heir_->note_done();
  task_done_.notify_all();
}

void BackgroundQueue::rethrow() {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace zoetrope::compute
