// SPDX-License-Identifier: Apache-2.0
// What is queued is done though the process is killed.
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "zoetrope/compute/background_queue.hpp"
#include "zoetrope/compute/host_copy.hpp"
#include "zoetrope/support/error.hpp"

#include "fake_device.hpp"
#include "support/another_process.hpp"

namespace zoetrope::compute {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using support::AnotherProcess;

void wait_for_file(const char* name) {
  for (int i = 0; i < 3000 && !fs::exists(name); ++i) std::this_thread::sleep_for(10ms);
}

void add_line(const std::string& line) {
  std::ofstream("done", std::ios::app) << line << "\n";
}

std::string lines() {
  std::ifstream file("done");
  return {std::istreambuf_iterator<char>(file), {}};
}

// One task that waits for the file "go_on", and two behind it.
void fill(BackgroundQueue& queue) {
  queue.push(1, [] {
    wait_for_file("go_on");
    add_line("first");
  });
  queue.push(1, [] { add_line("second"); });
  queue.push(1, [] {
    add_line("third");
    std::ofstream("all_done");
  });
}

// Once the owner waits. The file is what the last of the tasks makes.
void kill_and_wait_for_heir(AnotherProcess& owner, const char* last) {
  owner.wait_until_it_waits();
  owner.kill();
  std::ofstream("go_on");
  wait_for_file(last);
}

TEST(Heir, DoesWhatAKilledProcessHasLeft) {
  AnotherProcess owner([](const auto& wait) {
    BackgroundQueue queue(10, 100);
    queue.push(1, [] { add_line("before"); });
    queue.wait();
    fill(queue);
    queue.leave_to_heir();
    wait();
  });

  kill_and_wait_for_heir(owner, "all_done");

  EXPECT_EQ(lines(), "before\nfirst\nsecond\nthird\n");
}

// A launcher kills by group, and a terminal that is closed tells all of its processes.
TEST(Heir, IsNotMeantWhenTheGroupIsKilled) {
  AnotherProcess owner([](const auto& wait) {
    ::setpgid(0, 0);
    BackgroundQueue queue(10, 100);
    fill(queue);
    queue.leave_to_heir();
    std::ofstream("group") << ::getpgid(0);
    wait();
  });
  owner.wait_until_it_waits();
  pid_t group = 0;
  std::ifstream("group") >> group;
  ASSERT_GT(group, 1);

  ::kill(-group, SIGTERM);
  ::kill(-group, SIGKILL);
  owner.kill();
  std::ofstream("go_on");
  wait_for_file("all_done");

  EXPECT_EQ(lines(), "first\nsecond\nthird\n");
}

TEST(Heir, DoesNothingWhereTheProcessGetsItDone) {
  BackgroundQueue queue(10, 100);
  fill(queue);
  queue.leave_to_heir();
  std::ofstream("go_on");
  queue.wait();

  EXPECT_EQ(lines(), "first\nsecond\nthird\n");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "the heir is still there";
  queue.push(1, [] { add_line("later"); });
  queue.wait();
  EXPECT_EQ(lines(), "first\nsecond\nthird\nlater\n");
}

// Where the disk is slower than what fills the queue it is full most of the time.
TEST(Heir, IsMadeWhileTheQueueIsFull) {
  AnotherProcess owner([](const auto& wait) {
    std::atomic<bool> may_be_killed = false;
    BackgroundQueue queue(3, 100, [&] { return may_be_killed.load(); });
    fill(queue);
    const std::jthread signal([&] {
      std::this_thread::sleep_for(50ms);
      may_be_killed = true;
    });
    queue.push(1, [] {
      add_line("fourth");
      std::ofstream("all_four_done");
    });
    wait();
  });

  kill_and_wait_for_heir(owner, "all_four_done");

  EXPECT_EQ(lines(), "first\nsecond\nthird\nfourth\n");
}

TEST(Heir, GivesWayToOneThatKnowsMore) {
  AnotherProcess owner([](const auto& wait) {
    BackgroundQueue queue(10, 100);
    fill(queue);
    queue.leave_to_heir();
    queue.push(1, [] {
      add_line("fourth");
      std::ofstream("all_four_done");
    });
    queue.leave_to_heir();
    wait();
  });

  kill_and_wait_for_heir(owner, "all_four_done");
  std::this_thread::sleep_for(100ms);

  EXPECT_EQ(lines(), "first\nsecond\nthird\nfourth\n");
}

// A driver of a device does not serve a child, nor does that see what is pinned for it.
class CopiesOfADevice {
 public:
  void leave_device() const {
    for (const HostCopy& copy : copies_) copy.leave_device();
  }
  // The first is there when it is asked to go on, and holds what it has got.
  std::function<void()> first() const {
    return [copy = copies_[0]] {
      const at::Tensor got = copy.wait();
      std::ofstream("begun");
      wait_for_file("go_on");
      add_line(std::to_string(got.const_data_ptr<std::int64_t>()[2]));
    };
  }
  std::function<void()> second() const {
    return [copy = copies_[1]] {
      add_line(std::to_string(copy.wait().const_data_ptr<std::int64_t>()[2]));
      std::ofstream("all_done");
    };
  }

 private:
  std::array<HostCopy, 2> copies_ = {HostCopy(fake::on_device(at::full({3}, 17, at::kLong))),
                                     HostCopy(fake::on_device(at::full({3}, 18, at::kLong)))};
};

TEST(Heir, WritesWhatWasOnItsWayFromADevice) {
  AnotherProcess owner([](const auto& wait) {
    const CopiesOfADevice copies;
    BackgroundQueue queue(10, 100, {}, [&] { copies.leave_device(); });
    queue.push(1, copies.first());
    queue.push(1, copies.second());
    wait_for_file("begun");
    queue.leave_to_heir();
    wait();
  });

  kill_and_wait_for_heir(owner, "all_done");

  EXPECT_EQ(lines(), "17\n18\n");
}

TEST(Heir, WritesWhatWasOnItsWayFromADeviceWhenTheQueueWasFull) {
  AnotherProcess owner([](const auto& wait) {
    const CopiesOfADevice copies;
    BackgroundQueue queue(
        1, 100, [] { return fs::exists("begun"); }, [&] { copies.leave_device(); });
    queue.push(1, copies.first());
    queue.push(1, copies.second());
    wait();
  });

  kill_and_wait_for_heir(owner, "all_done");

  EXPECT_EQ(lines(), "17\n18\n");
}

// What comes after the task that failed would say that it is there.
TEST(Heir, EndsWithTheFirstTaskThatFails) {
  AnotherProcess owner([](const auto& wait) {
    BackgroundQueue queue(10, 100);
    queue.push(1, [] { wait_for_file("go_on"); });
    queue.push(1, [] {
      std::ofstream("all_done");
      throw RunError("the disk is full");
    });
    queue.push(1, [] { add_line("third"); });
    queue.leave_to_heir();
    wait();
  });
  owner.wait_until_it_waits();
  owner.kill();
  std::ofstream("go_on");
  wait_for_file("all_done");
  std::this_thread::sleep_for(300ms);

  EXPECT_TRUE(fs::exists("all_done"));
  EXPECT_EQ(lines(), "");
}

}  // namespace
}  // namespace zoetrope::compute
