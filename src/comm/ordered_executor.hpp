// SPDX-License-Identifier: Apache-2.0
// One thread that runs tasks in the order in which they were given: how asynchronous collectives stay in the
// same order on all ranks.
#pragma once

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

  // The thread starts with the first task. An exception of the task comes out of Work::wait().
  std::unique_ptr<Work> submit(std::function<void()> task);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> queue_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace zoetrope::comm
