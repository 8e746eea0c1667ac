// SPDX-License-Identifier: Apache-2.0
// What is done beside the caller's work, one thing after the other: files that are written while a model
// trains.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>

#include "zoetrope/compute/worker_pool.hpp"

namespace zoetrope::compute {

class Heir;

// Tasks that one thread runs in the order in which they come. Once one has thrown, those behind it are
// dropped, and the next push() or wait() throws its error.
class BackgroundQueue {
 public:
  // `max_tasks`: that are not done; `max_bytes`: what these may hold together. `may_be_killed`, where it is
  // given: whether this process may be killed in a moment. It is asked while push() waits. `before_heir`: is
  // called before what is queued is left to an heir, by who calls push() or leave_to_heir(); what it does
  // must not use the queue. The task that is to be pushed is among what is left.
  BackgroundQueue(std::size_t max_tasks, std::int64_t max_bytes, std::function<bool()> may_be_killed = {},
                  std::function<void()> before_heir = {});
  ~BackgroundQueue();  // finishes what is queued
  BackgroundQueue(const BackgroundQueue&) = delete;
  BackgroundQueue& operator=(const BackgroundQueue&) = delete;

  // `bytes`: of memory that `task` holds until it is done. Waits until there is room for it; what is larger
  // than all of the memory waits until all that holds some is done. Where this process may be killed
  // meanwhile it is taken without room, and what is queued is left to an heir.
  void push(std::int64_t bytes, std::function<void()> task);
  // Returns when all is done.
  void wait();
  // From now on what is queued is done even if this process is killed: by a child of it, which otherwise does
  // nothing (src/compute/heir.hpp). What is pushed later is not, until this is called again. The tasks must
  // not need a device then, nor what the one that is running has got from it (`before_heir` sees to that).
  void leave_to_heir();

 private:
  struct Entry {
    std::int64_t bytes = 0;
    std::function<void()> task;
    bool is_done = false;
  };
  bool wait_for_room(std::unique_lock<std::mutex>& lock, std::int64_t bytes);
  void prepare_for_heir();
  void make_heir();
  void run_next();
  void rethrow();

  std::size_t max_tasks_;
  std::int64_t max_bytes_;
  std::function<bool()> may_be_killed_;
  std::function<void()> before_heir_;
  std::mutex mutex_;
  std::condition_variable task_done_;
  std::int64_t bytes_ = 0;     // of tasks that are not done
  std::deque<Entry> pending_;  // these; the first may be running
  std::exception_ptr error_;
  bool has_failed_ = false;
  std::unique_ptr<Heir> heir_;
  WorkerPool thread_{1, "zt-background"};  // last: its thread uses what is above
};

}  // namespace zoetrope::compute
