// SPDX-License-Identifier: Apache-2.0
// Runs tasks in the order in which they were given: how asynchronous collectives stay in the same order on
// all ranks. By default one thread of its own runs them; deferred, whoever waits for one does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

class OrderedExecutor {
 public:
  OrderedExecutor() = default;
  // Runs what is still queued, then ends the thread.
  ~OrderedExecutor();
  OrderedExecutor(const OrderedExecutor&) = delete;
  OrderedExecutor& operator=(const OrderedExecutor&) = delete;

  // For the tasks that follow; none may be queued. Deferred tasks run in a thread that waits for one of them,
  // with all that were given before it.
  void set_deferred(bool deferred) { is_deferred_ = deferred; }
  bool is_deferred() const { return is_deferred_; }

  // The thread starts with the first task. An exception of the task comes out of Work::wait().
  std::unique_ptr<Work> submit(std::function<void()> task);

  // Whether someone waits for a task's end and so computes nothing: a task that waits may then take the core.
  bool is_awaited() const { return *num_waiting_ > 0; }

 private:
  friend class QueuedWork;
  void run();
  void run_until(const std::shared_future<void>& result);

  bool is_deferred_ = false;
  std::mutex running_;  // held while a deferred task runs: one at a time, in their order
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> queue_;
  std::shared_ptr<std::atomic<int>> num_waiting_ = std::make_shared<std::atomic<int>>(0);
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace zoetrope::comm
