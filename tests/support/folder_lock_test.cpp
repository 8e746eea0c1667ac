// SPDX-License-Identifier: Apache-2.0
// Two jobs must not write in one folder.
#include "zoetrope/support/folder_lock.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

#include "support/another_process.hpp"

namespace zoetrope::support {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

constexpr const char* kFile = "run/.lock";

std::unique_ptr<FolderLock> take(const LockOptions& options) {
  return std::make_unique<FolderLock>("run", ".lock", options, [](const std::string&) { ::_exit(4); });
}
// Without waiting for an owner for longer than it takes to see that there is one.
std::unique_ptr<FolderLock> take() {
  return take({.patience = 0ms, .beat = 20ms});
}

// The owner as a process of another machine has written it.
void write_owner_elsewhere(const std::string& since = "2026-01-01 00:00:00") {
  const Json owner = {{"process", "0123abcd-77-1-0011223344556677"},
                      {"host", "node7"},
                      {"pid", 77},
                      {"since", since},
                      {"slurm_job", "42"}};
  std::ofstream(kFile) << owner.dump() << "\n";
}

class FolderLockTest : public testing::Test {
 protected:
  FolderLockTest() { fs::create_directory("run"); }
};

TEST_F(FolderLockTest, ASecondProcessIsKeptOutUntilTheEnd) {
  {
    const auto lock = take();
    EXPECT_EQ(AnotherProcess([](const auto&) { take(); }).exit_code(), 1);
  }
  EXPECT_EQ(AnotherProcess([](const auto&) { take(); }).exit_code(), 0);
  EXPECT_TRUE(fs::is_empty("run"));
}

TEST_F(FolderLockTest, LocksOfOtherNamesAndFoldersAreOthers) {
  fs::create_directory("another");
  const auto lock = take();
  EXPECT_NO_THROW(FolderLock("run", ".live", {}, {}));
  EXPECT_NO_THROW(FolderLock("another", ".lock", {}, {}));
}

TEST_F(FolderLockTest, AMissingFolderIsNamed) {
  EXPECT_THAT([] { FolderLock("missing", ".lock", {}, {}); },
              ThrowsMessage<InputError>(StartsWith("missing/.lock: ")));
}

TEST_F(FolderLockTest, WhoWaitsInVainIsToldForWhomAndWhatToDo) {
  AnotherProcess holder([](const auto& wait) {
    const auto lock = take();
    wait();
  });
  holder.wait_until_it_waits();
  EXPECT_THAT(
      [] { take({.patience = 100ms, .beat = 20ms}); },
      ThrowsMessage<RunError>(AllOf(StartsWith("run: "), HasSubstr("another job works there (process "),
                                    HasSubstr(" on "), HasSubstr("since 20"), HasSubstr("--take-over"))));
}

TEST_F(FolderLockTest, WhoWaitsHasItWhenTheOwnerEnds) {
  AnotherProcess holder([](const auto& wait) {
    const auto lock = take();
    wait();
  });
  holder.wait_until_it_waits();
  std::jthread later([&] {
    std::this_thread::sleep_for(200ms);
    holder.go_on();
  });
  const auto lock = take({.patience = 60s, .beat = 20ms});
  EXPECT_TRUE(fs::exists(kFile));
}

// Nobody is there to unlock after a kill or a crash: the system must.
TEST_F(FolderLockTest, AKilledProcessHoldsNothing) {
  AnotherProcess holder([](const auto& wait) {
    const auto lock = take();
    wait();
  });
  holder.wait_until_it_waits();
  EXPECT_THROW(take(), RunError);

  holder.kill();

  EXPECT_TRUE(fs::exists(kFile));
  EXPECT_NO_THROW(take());
}

// The file system has locks, but not across machines; or it has none, which is the same to an owner
// elsewhere.
TEST_F(FolderLockTest, AnOwnerElsewhereHoldsItAsLongAsItBeats) {
  write_owner_elsewhere();
  std::jthread owner([](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      fs::last_write_time(kFile, fs::file_time_type::clock::now());
      std::this_thread::sleep_for(20ms);
    }
  });
  EXPECT_THAT(
      [] { take({.patience = 3s, .beat = 200ms}); },
      ThrowsMessage<RunError>(HasSubstr("process 77 on node7, Slurm job 42, since 2026-01-01 00:00:00")));
  owner.request_stop();
  owner.join();
  EXPECT_NO_THROW(take({.patience = 60s, .beat = 20ms}));
}

TEST_F(FolderLockTest, ALockOfADeadMachineIsTakenOver) {
  // What holds the lock is not what is said to hold it: the file server has not yet noticed that its client
  // is gone.
  AnotherProcess server([](const auto& wait) {
    const auto lock = take({.beat = 1h});
    wait();
  });
  server.wait_until_it_waits();
  write_owner_elsewhere();

  const auto lock = take({.patience = 60s, .beat = 20ms});

  EXPECT_THAT(read_file(kFile), testing::Not(HasSubstr("node7")));
  EXPECT_EQ(AnotherProcess([](const auto&) { take(); }).exit_code(), 1) << "the new owner holds it";
}

TEST_F(FolderLockTest, ADamagedEntryHoldsNobodyOut) {
  for (const char* entry : {"", "{", "[]", "{\"process\": 1}", "{\"process\": \"a-b-c-d\", \"pid\": 1}"}) {
    std::ofstream(kFile) << entry;
    EXPECT_NO_THROW(take()) << entry;
  }
}

TEST_F(FolderLockTest, APersonCanTakeItOverAndTheOwnerLearnsOfIt) {
  AnotherProcess owner([](const auto& wait) {
    const auto lock = take({.beat = 20ms});
    wait();  // in vain
  });
  owner.wait_until_it_waits();
  const auto lock = take({.patience = 0ms, .take_over = true, .beat = 20ms});
  EXPECT_EQ(owner.exit_code(), 4);
  EXPECT_EQ(AnotherProcess([](const auto&) { take(); }).exit_code(), 1) << "the new owner holds it";
}

// What ends a job because its lock is gone says so.
TEST_F(FolderLockTest, AnOwnerLearnsWhetherItWasTakenOverOrTheFileRemoved) {
  const auto said_when = [](const std::function<void()>& happens) {
    AnotherProcess owner([](const auto& wait) {
      const FolderLock lock("run", ".lock", {.beat = 20ms}, [](const std::string& what) {
        std::ofstream("said") << what;
        ::_exit(4);
      });
      wait();  // in vain
    });
    owner.wait_until_it_waits();
    happens();
    EXPECT_EQ(owner.exit_code(), 4);
    return read_file("said");
  };
  EXPECT_THAT(said_when([] { write_file(kFile, "another's"); }), HasSubstr("another job has taken over"));
  EXPECT_THAT(said_when([] { fs::remove(kFile); }),
              StartsWith("run: .lock, which keeps other jobs out, has been removed"));
  EXPECT_THAT(said_when([] { fs::remove_all("run"); }), HasSubstr("has been removed"));
}

TEST_F(FolderLockTest, AFileSystemThatGivesNoAnswerIsNoLoss) {
  const auto lock = take();
  fs::create_symlink("run", "swap");
  const auto exchange = [] { return ::renameat2(AT_FDCWD, "run", AT_FDCWD, "swap", RENAME_EXCHANGE); };
  ASSERT_EQ(exchange(), 0);  // from here on the name leads to itself
  struct stat status {};
  ASSERT_EQ(::stat(kFile, &status), -1);
  ASSERT_EQ(errno, ELOOP);
  std::this_thread::sleep_for(200ms);  // ten beats, on an idle machine
  ASSERT_EQ(exchange(), 0);
  EXPECT_EQ(AnotherProcess([](const auto&) { take(); }).exit_code(), 1);
}

// ThreadSanitizer knows no threads of a child whose parent had several.
#ifndef __SANITIZE_THREAD__

// A child of the owner that goes on with its work, until the file "may_end" is there.
void become_heir() {
  const pid_t owner = ::getpid();
  if (::fork() != 0) return;
  while (::getppid() == owner) std::this_thread::sleep_for(2ms);
  const auto on_loss = [] {
    std::ofstream("lost");
    ::_exit(0);
  };
  if (FolderLock::inherit(on_loss)) write_file("heir", std::to_string(::getpid()));
  for (int i = 0; i < 3000 && !fs::exists("may_end"); ++i) std::this_thread::sleep_for(10ms);
  if (FolderLock::are_inherited_held()) FolderLock::release_inherited();
  ::_exit(0);
}

void wait_until_it_is(const char* name, bool is_there) {
  for (int i = 0; i < 3000 && fs::exists(name) != is_there; ++i) std::this_thread::sleep_for(10ms);
  ASSERT_EQ(fs::exists(name), is_there) << name;
}

class InheritedLock : public FolderLockTest {
 protected:
  InheritedLock() {
    AnotherProcess owner([](const auto& wait) {
      const auto lock = take({.beat = 20ms});
      become_heir();
      wait();
    });
    owner.wait_until_it_waits();
    owner.kill();
    wait_until_it_is("heir", true);
  }
};

TEST_F(InheritedLock, IsTheHeirsWhichShowsThatItLives) {
  EXPECT_EQ(parse_json(read_file(kFile), kFile).at("pid").dump(), read_file("heir"));
  const auto beat = fs::last_write_time(kFile);
  std::this_thread::sleep_for(200ms);
  EXPECT_GT(fs::last_write_time(kFile), beat);
  EXPECT_THROW(take(), RunError);

  std::ofstream("may_end");
  wait_until_it_is(kFile, false);
  EXPECT_NO_THROW(take({.patience = 60s, .beat = 20ms}));
}

TEST_F(InheritedLock, CanBeTakenOverAndTheHeirLearnsOfIt) {
  const auto lock = take({.patience = 0ms, .take_over = true, .beat = 20ms});
  wait_until_it_is("lost", true);
  EXPECT_TRUE(fs::exists(kFile));
}

#endif

TEST_F(FolderLockTest, OfManyThatComeAtOnceOneAtATimeHasIt) {
  std::vector<std::unique_ptr<AnotherProcess>> processes;
  for (int i = 0; i < 6; ++i)
    processes.push_back(std::make_unique<AnotherProcess>([](const auto&) {
      for (int turn = 0; turn < 5; ++turn) {
        const auto lock = take({.patience = 120s, .beat = 10ms});
        if (!fs::create_directory("run/alone")) ::_exit(2);
        std::this_thread::sleep_for(2ms);
        fs::remove("run/alone");
      }
    }));
  for (const auto& process : processes) EXPECT_EQ(process->exit_code(), 0);
}

}  // namespace
}  // namespace zoetrope::support
