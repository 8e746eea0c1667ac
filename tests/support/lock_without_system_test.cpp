// SPDX-License-Identifier: Apache-2.0
// Locks of folders on a file system that has none for files, and that may be slow.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "zoetrope/support/folder_lock.hpp"

#include "support/another_process.hpp"

namespace {

std::atomic<unsigned> microseconds_of_write{0};

}  // namespace

extern "C" int fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  void* const argument = va_arg(list, void*);
  va_end(list);
  if (command == F_OFD_SETLK) {
    errno = ENOLCK;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fcntl, fd, command, argument));
}
extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
  ::usleep(microseconds_of_write);
  return ::syscall(SYS_write, fd, bytes, size);
}
extern "C" int fsync(int fd) {
  ::usleep(microseconds_of_write);
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace zoetrope::support {
namespace {

using namespace std::chrono_literals;

void take_and(const std::function<void()>& work) {
  const FolderLock lock("run", ".lock", {.patience = 0ms, .beat = 20ms},
                        [](const std::string&) { ::_exit(4); });
  work();
}

TEST(LockWithoutSystem, KeepsASecondProcessOutUntilTheEnd) {
  std::filesystem::create_directory("run");
  AnotherProcess owner([](const auto& wait) { take_and(wait); });
  owner.wait_until_it_waits();
  EXPECT_EQ(AnotherProcess([](const auto&) { take_and([] {}); }).exit_code(), 1);
  owner.go_on();
  EXPECT_EQ(owner.exit_code(), 0);
  EXPECT_EQ(AnotherProcess([](const auto&) { take_and([] {}); }).exit_code(), 0);
}

// Both have seen that nobody has it; the slow one comes to write its own name when the other one works.
TEST(LockWithoutSystem, OfTwoThatComeAtOnceOneHasIt) {
  std::filesystem::create_directory("run");
  AnotherProcess slow([](const auto&) {
    microseconds_of_write = 3'000'000;
    take_and([] {});
  });
  std::this_thread::sleep_for(100ms);
  AnotherProcess fast([](const auto& wait) { take_and(wait); });
  fast.wait_until_it_waits();

  EXPECT_EQ(slow.exit_code(), 1);
  fast.go_on();
  EXPECT_EQ(fast.exit_code(), 0) << "it was taken over";
}

}  // namespace
}  // namespace zoetrope::support
