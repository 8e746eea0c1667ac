// SPDX-License-Identifier: Apache-2.0
// Two jobs must not train in one folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "support/another_process.hpp"

namespace zoetrope::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

// 0 where a process that asks now gets the lock, 1 where it is refused.
int refused_to_another_process(const fs::path& folder) {
  return AnotherProcess([&](const auto&) { const FolderLock lock(folder); }).exit_code();
}

TEST(FolderLock, ASecondProcessIsKeptOutUntilTheEnd) {
  fs::create_directory("run");
  fs::create_directory("another");
  {
    const FolderLock lock("run");
    EXPECT_EQ(refused_to_another_process("run"), 1);
    EXPECT_EQ(refused_to_another_process("another"), 0);
  }
  EXPECT_EQ(refused_to_another_process("run"), 0);
  EXPECT_TRUE(fs::is_empty("run")) << "a lock is no file, which a killed job would leave behind";
}

// Where there is no lock to be had, a training goes on without one.
TEST(FolderLock, AMissingFolderIsNoError) {
  EXPECT_NO_THROW(FolderLock("missing"));
}

TEST(FolderLock, WhoIsKeptOutIsToldOfTheFolderAndWhatToDo) {
  fs::create_directory("run");
  AnotherProcess holder([](const auto& wait) {
    const FolderLock lock("run");
    wait();
  });
  holder.wait_until_it_waits();

  EXPECT_THAT([] { FolderLock("run"); },
              ThrowsMessage<UsageError>(AllOf(StartsWith("run: "), HasSubstr("another job is training there"),
                                              HasSubstr("--run"))));

  holder.go_on();
  EXPECT_EQ(holder.exit_code(), 0);
  EXPECT_NO_THROW(FolderLock("run"));
}

// Nobody is there to unlock after a kill or a crash: the system must.
TEST(FolderLock, AKilledProcessHoldsNothing) {
  fs::create_directory("run");
  AnotherProcess holder([](const auto& wait) {
    const FolderLock lock("run");
    wait();
  });
  holder.wait_until_it_waits();
  EXPECT_THROW(FolderLock("run"), UsageError);

  holder.kill();

  EXPECT_NO_THROW(FolderLock("run"));
}

}  // namespace
}  // namespace zoetrope::support
