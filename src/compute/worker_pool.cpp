// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/worker_pool.hpp"

#include <utility>

#include "zoetrope/support/trace.hpp"

namespace zoetrope::compute {

WorkerPool::WorkerPool(int num_threads, const char* name) {
  for (int i = 0; i < num_threads; ++i) {
    threads_.emplace_back([this, name] {
      trace::name_thread(name);
      work();
    });
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  task_came_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::submit(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  task_came_.notify_one();
}

void WorkerPool::work() {
  while (true) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      task_came_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace zoetrope::compute
