// SPDX-License-Identifier: Apache-2.0
#include "ordered_executor.hpp"

#include <chrono>
#include <utility>

#include "zoetrope/support/trace.hpp"

namespace zoetrope::comm {

class QueuedWork final : public Work {
 public:
  // `executor`: who runs it when it is deferred, else null.
  QueuedWork(std::shared_future<void> result, std::shared_ptr<std::atomic<int>> num_waiting,
             OrderedExecutor* executor)
      : result_(std::move(result)), num_waiting_(std::move(num_waiting)), executor_(executor) {}
  ~QueuedWork() override { await(); }
  QueuedWork(const QueuedWork&) = delete;
  QueuedWork& operator=(const QueuedWork&) = delete;
  void wait() override {
    await();
    result_.get();
  }

 private:
  void await() {
    const trace::Span span("waiting for a collective");
    if (executor_ != nullptr) return executor_->run_until(result_);
    ++*num_waiting_;
    result_.wait();
    --*num_waiting_;
  }

  std::shared_future<void> result_;
  std::shared_ptr<std::atomic<int>> num_waiting_;
  OrderedExecutor* executor_;
};

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
  auto work = std::make_unique<QueuedWork>(packaged.get_future().share(), num_waiting_,
                                           is_deferred_ ? this : nullptr);
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(packaged));
    if (!is_deferred_ && !thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_one();
  return work;
}

void OrderedExecutor::run_until(const std::shared_future<void>& result) {
  const std::lock_guard one_at_a_time(running_);
  while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    std::packaged_task<void()> task;
    {
      const std::lock_guard lock(mutex_);
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

void OrderedExecutor::run() {
  trace::name_thread("zt-collectives");
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
