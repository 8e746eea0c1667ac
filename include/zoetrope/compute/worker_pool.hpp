// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace zoetrope::compute {

// Threads that run tasks in the order in which they come. Tasks must not throw. The destructor waits for
// those that run and drops those that have not begun.
class WorkerPool {
 public:
  // `name`: of the threads, a literal of at most 15 characters.
  WorkerPool(int num_threads, const char* name);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void submit(std::function<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable task_came_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace zoetrope::compute
