// SPDX-License-Identifier: Apache-2.0
// Who lives and who does not, also where /proc does not say.
#include "process_name.hpp"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "zoetrope/support/files.hpp"
#include "zoetrope/support/folder_lock.hpp"

#include "support/another_process.hpp"
#include "support/failing_calls.hpp"

namespace zoetrope::support {
namespace {

using namespace std::chrono_literals;

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

void leave_no_descriptors() {
  const rlimit none{0, 0};
  require(::setrlimit(RLIMIT_NOFILE, &none) == 0, "no limit");
}

std::string stat_file(pid_t pid) {
  return "/proc/" + std::to_string(pid) + "/stat";
}

ProcessName name_of_an_ended_process() {
  AnotherProcess process([](const auto&) { std::ofstream("name") << ProcessName::own().text(); });
  EXPECT_EQ(process.exit_code(), 0);
  return ProcessName::parse(read_file("name")).value();
}

TEST(ProcessName, TheLivingLiveAndTheEndedDoNot) {
  const ProcessName own = ProcessName::own(), ended = name_of_an_ended_process();
  EXPECT_EQ(life_of(own), Life::kLives);
  EXPECT_EQ(life_of(ended), Life::kEnded);
  EXPECT_TRUE(own.is_of_same_process(own) && ProcessName::parse(own.text())->is_of_same_process(own));
  EXPECT_FALSE(ended.is_of_same_process(own));
}

TEST(ProcessName, WithoutDescriptorsNobodyIsTakenForDead) {
  const ProcessName parent = ProcessName::own(), ended = name_of_an_ended_process();
  AnotherProcess process([&](const auto&) {
    leave_no_descriptors();
    const ProcessName own = ProcessName::own();
    require(own.is_of_same_process(ProcessName::own()) && life_of(own) == Life::kLives, "this process");
    require(!parent.is_of_same_process(own) && life_of(parent) == Life::kLives, "the process before it");
    require(life_of(ended) == Life::kEnded, "that which has ended");
  });
  EXPECT_EQ(process.exit_code(), 0);
}

TEST(ProcessName, StaysTheSameWhenDescriptorsRunOut) {
  AnotherProcess process([](const auto&) {
    const std::string before = ProcessName::own().text();
    leave_no_descriptors();
    require(ProcessName::own().text() == before, "another name");
  });
  EXPECT_EQ(process.exit_code(), 0);
}

// ENOENT: /proc hides the processes of others, or is not there.
TEST(ProcessName, AProcessThatCannotBeLookedAtLives) {
  for (const int error : {ENOENT, EMFILE, EACCES}) {
    const FailingCalls failing(Call::kOpen, stat_file(::getppid()), error);
    ProcessName parent = ProcessName::own();
    parent.pid = ::getppid();
    EXPECT_EQ(life_of(parent), Life::kLives) << error;
  }
}

TEST(ProcessName, WhatALivingProcessWritesStaysThoughItCannotBeLookedAt) {
  ProcessName parent = ProcessName::own();
  parent.pid = ::getppid();
  const std::string temporary = ".model." + parent.text() + ".tmp";
  std::ofstream(temporary) << "half";
  const FailingCalls failing(Call::kOpen, stat_file(parent.pid), EMFILE);
  remove_leftovers(".");
  EXPECT_TRUE(std::filesystem::exists(temporary));
}

TEST(ProcessName, ALockIsNotLostWhenDescriptorsRunOut) {
  std::filesystem::create_directory("run");
  AnotherProcess process([](const auto&) {
    const FolderLock lock("run", ".lock", {.patience = 0ms, .beat = 20ms},
                          [](const std::string&) { ::_exit(4); });
    leave_no_descriptors();
    std::this_thread::sleep_for(200ms);  // ten beats
  });
  EXPECT_EQ(process.exit_code(), 0);
}

}  // namespace
}  // namespace zoetrope::support
