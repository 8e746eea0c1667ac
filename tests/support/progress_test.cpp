// SPDX-License-Identifier: Apache-2.0
// What a bar shows on a terminal and in a file, at times that the test sets.
#include "zoetrope/support/progress.hpp"

#include <atomic>
#include <cstdio>
#include <ctime>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress_marks.hpp"

#include "standard_error.hpp"

namespace {

// Milliseconds that std::chrono::steady_clock shows; below 0 it shows the system's.
std::atomic<long> set_time{-1};

}  // namespace

// Stands before the C library's, which steady_clock would ask.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (clock != CLOCK_MONOTONIC || set_time < 0)
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  *time = {1000 + set_time / 1000, set_time % 1000 * 1'000'000};
  return 0;
}

namespace zoetrope::support {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

class ProgressTest : public testing::Test {
 protected:
  void SetUp() override {
    set_time = 0;
    set_up_logging("info", 0, 1, "host");
  }
  void TearDown() override {
    set_time = -1;
    set_progress_style(ProgressStyle::kAuto);
  }
};

using ProgressInAFile = ProgressTest;
using ProgressOnATerminal = ProgressTest;

TEST_F(ProgressInAFile, ALineComesEveryHalfMinuteAndNoBar) {
  StandardError file(StandardError::Kind::kPipe);
  {
    Progress progress("embedding", 10'000, "images");
    progress.update(0);
    for (set_time = 1000; set_time < 30'000; set_time += 1000) progress.update(set_time / 10);
    EXPECT_EQ(file.text(), "");
    progress.update(3000, "loss 0.412");
    EXPECT_THAT(
        file.text(),
        EndsWith("info embedding: 30 %  3,000/10,000 images  100 images/s  1 min 10 s left  loss 0.412\n"));
    for (; set_time < 60'000; set_time += 1000) progress.update(set_time / 10);
    EXPECT_EQ(file.text(), "");
    progress.update(6000);
    EXPECT_THAT(file.text(), EndsWith("embedding: 60 %  6,000/10,000 images  100 images/s  40 s left\n"));
    progress.update(10'000);
  }
  EXPECT_EQ(file.text(), "") << "the stage says itself that it is done";
}

// A training that goes on from step 900 has not done them in its first half minute.
TEST_F(ProgressInAFile, TheRateIsThatOfThisJob) {
  StandardError file(StandardError::Kind::kPipe);
  Progress progress("training", 1000, "steps");
  progress.update(900);
  set_time = 30'000;
  progress.update(960);
  EXPECT_THAT(file.text(), EndsWith("training: 96 %  960/1,000 steps  2.0 steps/s  20 s left\n"));
}

TEST_F(ProgressInAFile, WhereNothingGoesOnNoTimeIsForetold) {
  StandardError file(StandardError::Kind::kPipe);
  Progress progress("training", 1000, "steps");
  progress.update(10);
  set_time = 30'000;
  progress.update(10);
  EXPECT_THAT(file.text(), EndsWith("training: 1 %  10/1,000 steps  30 s\n"));
}

// A large model's step on few cores.
TEST_F(ProgressInAFile, ASlowRateIsNotZero) {
  StandardError file(StandardError::Kind::kPipe);
  Progress progress("training", 1000, "steps");
  progress.update(900);
  set_time = 50'000;
  progress.update(902);
  EXPECT_THAT(file.text(), EndsWith("training: 90 %  902/1,000 steps  0.04 steps/s  40 min 50 s left\n"));
}

TEST_F(ProgressInAFile, WithoutAnyWorkNothingIsShown) {
  StandardError file(StandardError::Kind::kPipe);
  {
    Progress progress("embedding", 0, "images");
    set_time = 30'000;
    progress.update(0);
  }
  EXPECT_EQ(file.text(), "");
}

TEST_F(ProgressInAFile, StyleNoneWritesNothing) {
  StandardError file(StandardError::Kind::kPipe);
  set_progress_style(ProgressStyle::kNone);
  {
    Progress progress("embedding", 100, "images");
    for (; set_time < 100'000; set_time += 10'000) progress.update(set_time / 1000);
  }
  EXPECT_EQ(file.text(), "");
}

TEST_F(ProgressOnATerminal, TheBarIsDrawnOverAndEndsItsLine) {
  StandardError terminal(StandardError::Kind::kTerminal);
  {
    Progress progress("rendering", 40, "frames");
    progress.update(0);
    set_time = 1000;
    progress.update(10, "frame 10");
    EXPECT_THAT(terminal.text(), AllOf(StartsWith("\r\033[Krendering    ██"), Not(HasSubstr("\n")),
                                       EndsWith("  10/40 frames  10 frames/s  3.0 s left  frame 10")));
    set_time = 4000;
    progress.update(40);
    progress.finish();
    EXPECT_THAT(terminal.text(),
                AllOf(StartsWith("\r\033[K"), EndsWith("█  40/40 frames  10 frames/s  4.0 s\r\n")));
  }
  EXPECT_EQ(terminal.text(), "") << "finished once";
}

// The same command again, when the training was done before.
TEST_F(ProgressOnATerminal, WhatWasDoneBeforeHasNoRate) {
  StandardError terminal(StandardError::Kind::kTerminal);
  {
    Progress progress("training", 1000, "steps");
    progress.update(1000);
  }
  EXPECT_THAT(terminal.text(), EndsWith("█  1,000/1,000 steps  done already\r\n"));
  { Progress("embedding", 0, "images").update(0); }
  EXPECT_EQ(terminal.text(), "") << "there was nothing to do";
}

TEST_F(ProgressOnATerminal, ItIsDrawnTenTimesASecondAtMost) {
  StandardError terminal(StandardError::Kind::kTerminal);
  Progress progress("embedding", 5000, "images");
  for (; set_time <= 1000; ++set_time) progress.update(set_time);
  EXPECT_EQ(count(terminal.text(), "\r\033[K"), 10U);
}

TEST_F(ProgressOnATerminal, StyleNoneWritesNothing) {
  StandardError terminal(StandardError::Kind::kTerminal);
  set_progress_style(ProgressStyle::kNone);
  {
    Progress progress("embedding", 100, "images");
    for (; set_time < 100'000; set_time += 1000) progress.update(set_time / 1000);
  }
  EXPECT_EQ(terminal.text(), "");
}

// The watchdog looks at the marks, whether or not anybody sees a bar.
TEST_F(ProgressTest, EachUpdateIsASignOfLife) {
  for (const ProgressStyle style : {ProgressStyle::kAuto, ProgressStyle::kNone}) {
    set_progress_style(style);
    Progress progress("embedding", 100, "images");
    const std::int64_t before = progress_marks();
    progress.update(1);
    progress.update(1);
    EXPECT_EQ(progress_marks(), before + 2);
  }
}

}  // namespace
}  // namespace zoetrope::support
