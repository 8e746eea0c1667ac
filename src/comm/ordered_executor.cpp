// SPDX-License-Identifier: Apache-2.0
#include "ordered_executor.hpp"

#include <utility>

#include <pthread.h>

namespace zoetrope::comm {
namespace {

class QueuedWork final : public Work {
 public:
  QueuedWork(std::shared_future<void> result, std::shared_ptr<std::atomic<int>> num_waiting)
      : result_(std::move(result)), num_waiting_(std::move(num_waiting)) {}
  ~QueuedWork() override { await(); }
  QueuedWork(const QueuedWork&) = delete;
  QueuedWork& operator=(const QueuedWork&) = delete;
  void wait() override {
    await();
    result_.get();
  }

 private:
  void await() {
    ++*num_waiting_;
    result_.wait();
    --*num_waiting_;
  }

  std::shared_future<void> result_;
  std::shared_ptr<std::atomic<int>> num_waiting_;
};

}  // namespace

OrderedExecutor::~OrderedExecutor() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<Work> OrderedExecutor::submit(std::function<void()> task) {
  std::packaged_task<void()> packaged(std::move(task));
  auto work = std::make_unique<QueuedWork>(packaged.get_future().share(), num_waiting_);
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(packaged));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_one();
  return work;
}

void OrderedExecutor::run() {
  pthread_setname_np(pthread_self(), "zt-collectives");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    {
      std::packaged_task<void()> task = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      task();
    }
    lock.lock();
  }
}

}  // namespace zoetrope::comm
