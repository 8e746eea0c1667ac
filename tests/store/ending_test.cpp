// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/ending.hpp"

#include <string>

#include <gtest/gtest.h>

#include "zoetrope/support/files.hpp"

namespace zoetrope::store {
namespace {

TEST(Ending, IsALineForEachName) {
  write_ending("ended.ini", {75, "4711", "interrupted: the training is saved at step 30"});

  EXPECT_EQ(support::read_file("ended.ini"),
            "code = 75\njob = 4711\nmessage = interrupted: the training is saved at step 30\n");
}

TEST(Ending, WhatAMessageHoldsForgesNoLine) {
  write_ending("ended.ini", {3, "1\ncode = 0", "a\ncode = 75\r\x1b[31m\x7f/b.png"});

  EXPECT_EQ(support::read_file("ended.ini"),
            "code = 3\njob = 1 code = 0\nmessage = a code = 75  [31m /b.png\n");
}

TEST(Ending, IsShort) {
  write_ending("ended.ini", {3, std::string(9999, '7'), std::string(9999, 'x')});

  EXPECT_LT(support::read_file("ended.ini").size(), 700U);
}

TEST(Ending, TheLastOneCounts) {
  write_ending("ended.ini", {4, "", "the disk is full"});
  write_ending("ended.ini", {2, "", "no"});

  EXPECT_EQ(support::read_file("ended.ini"), "code = 2\njob = \nmessage = no\n");
}

}  // namespace
}  // namespace zoetrope::store
