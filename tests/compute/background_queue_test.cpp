// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/background_queue.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace zoetrope::compute {
namespace {

TEST(BackgroundQueue, RunsTasksInOrder) {
  std::vector<int> done;
  BackgroundQueue queue(10, 100);

  for (int i = 0; i < 50; ++i) queue.push(1, [&done, i] { done.push_back(i); });
  queue.wait();

  ASSERT_EQ(done.size(), 50U);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
}

TEST(BackgroundQueue, RunsThemBesideTheCaller) {
  std::promise<void> goes_on;
  BackgroundQueue queue(10, 100);

  queue.push(1, [&] { goes_on.get_future().wait(); });
  goes_on.set_value();  // would not be reached
  queue.wait();
}

TEST(BackgroundQueue, WaitsForRoom) {
  std::promise<void> first_may_end;
  std::atomic<bool> has_ended = false;
  BackgroundQueue queue(10, 100);
  queue.push(60, [&] {
    first_may_end.get_future().wait();
    has_ended = true;
  });
  queue.push(40, [] {});  // fits beside it
  EXPECT_FALSE(has_ended);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    first_may_end.set_value();
  });

  queue.push(41, [] {});

  EXPECT_TRUE(has_ended);
  later.join();
}

TEST(BackgroundQueue, WaitsWhereTooManyTasksAreNotDone) {
  std::promise<void> go;
  std::shared_future<void> gone(go.get_future());
  std::atomic<int> pushed{0};
  BackgroundQueue queue(2, 100);
  std::thread caller([&] {
    for (int i = 0; i < 4; ++i) {
      queue.push(0, [gone] { gone.wait(); });
      ++pushed;
    }
  });
  while (pushed < 2) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(pushed, 2);
  go.set_value();
  caller.join();
  queue.wait();
  EXPECT_EQ(pushed, 4);
}

TEST(BackgroundQueue, TakesATaskThatIsLargerThanItsRoomAlone) {
  std::atomic<int> done = 0;
  BackgroundQueue queue(10, 100);

  queue.push(50, [&] { ++done; });
  queue.push(1000, [&] { ++done; });
  queue.push(50, [&] { ++done; });
  queue.wait();

  EXPECT_EQ(done, 3);
}

TEST(BackgroundQueue, ThrowsATasksErrorOnceAndDropsWhatIsBehindIt) {
  std::atomic<int> done = 0;
  {
    BackgroundQueue queue(10, 100);
    queue.push(0, [] { throw std::runtime_error("the disk is full"); });
    EXPECT_THROW(queue.wait(), std::runtime_error);
    queue.push(0, [&] { ++done; });
    EXPECT_NO_THROW(queue.wait());
  }
  EXPECT_EQ(done, 0);
}

// What a task holds is gone before there is said to be room again.
TEST(BackgroundQueue, LetsGoOfATaskWhenItIsDone) {
  const auto held = std::make_shared<int>(1);
  BackgroundQueue queue(10, 100);

  queue.push(1, [held] {});
  queue.wait();

  EXPECT_EQ(held.use_count(), 1);
}

TEST(BackgroundQueue, FinishesWhatIsQueuedWhenItGoes) {
  std::atomic<int> done = 0;
  {
    BackgroundQueue queue(10, 100);
    for (int i = 0; i < 20; ++i) queue.push(0, [&] { ++done; });
  }
  EXPECT_EQ(done, 20);
}

// What is queued before is still done, and the task that was to be pushed is not there.
TEST(BackgroundQueue, GoesOnWhereNothingCanBeLeftToAnHeir) {
  std::atomic<int> done = 0;
  std::promise<void> go;
  BackgroundQueue queue(
      1, 100, [] { return true; }, [] { throw std::runtime_error("the device has failed"); });
  queue.push(1, [&] {
    go.get_future().wait();
    ++done;
  });
  EXPECT_THROW(queue.push(1, [&] { ++done; }), std::runtime_error);
  EXPECT_THROW(queue.leave_to_heir(), std::runtime_error);
  go.set_value();
  queue.wait();
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace zoetrope::compute
