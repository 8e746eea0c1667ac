// SPDX-License-Identifier: Apache-2.0
// What is there, what is not, and what nobody can say.
#include "zoetrope/support/listing.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "support/failing_calls.hpp"

namespace zoetrope::support {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::ThrowsMessage;

class ListingTest : public testing::Test {
 protected:
  ListingTest() {
    fs::create_directory("folder");
    std::ofstream("folder/file") << "five.";
  }
};

TEST_F(ListingTest, WhatIsThereAndWhatIsNot) {
  fs::create_symlink("nothing", "folder/link");
  EXPECT_TRUE(is_listed("folder/file") && is_listed("folder/link") && is_listed("folder"));
  EXPECT_FALSE(is_listed("folder/other") || is_listed("other/file") || is_listed("folder/file/deeper"));
  EXPECT_TRUE(support::exists("folder/file") && support::is_directory("folder"));
  EXPECT_TRUE(support::is_regular_file("folder/file"));
  EXPECT_FALSE(support::exists("folder/link") || support::is_regular_file("folder") ||
               support::is_directory("folder/file/deeper"));
  EXPECT_EQ(support::file_size("folder/file"), 5U);
  EXPECT_THROW(support::file_size("folder/other"), InputError);
  EXPECT_THAT(names_in("folder"), ElementsAre("file", "link"));
  EXPECT_THAT(names_in("other"), IsEmpty());
}

TEST_F(ListingTest, AFolderThatCannotBeListedNeitherHoldsAFileNorLacksIt) {
  for (const int error : {EMFILE, ENOMEM}) {
    const FailingCalls failing(Call::kList, "folder", error);
    EXPECT_THROW(is_listed("folder/file"), RunError) << error;
    EXPECT_THROW(is_listed("folder/other"), RunError) << error;
    EXPECT_THROW(names_in("folder"), RunError) << error;
  }
}

TEST_F(ListingTest, ADiskThatFailsIsAskedAgain) {
  {
    const FailingCalls failing(Call::kList, "folder", ESTALE, 1, 1);
    EXPECT_FALSE(is_listed("folder/other"));
    EXPECT_EQ(failing.asked(), 2);
  }
  const FailingCalls failing(Call::kList, "folder", EIO);
  EXPECT_THAT([] { is_listed("folder/other"); },
              ThrowsMessage<RunError>("folder: cannot be listed: Input/output error"));
  EXPECT_EQ(failing.asked(), 3);
}

TEST_F(ListingTest, WhereTheFolderMayOnlyBeEnteredItsFilesAreLookedAt) {
  const FailingCalls failing(Call::kList, "folder", EACCES);
  EXPECT_TRUE(is_listed("folder/file"));
  EXPECT_FALSE(is_listed("folder/other"));
}

TEST_F(ListingTest, AFileThatCannotBeLookedAtIsNotMissing) {
  const FailingCalls failing(Call::kLook, "folder/file", EACCES);
  EXPECT_THAT([] { support::exists("folder/file"); },
              ThrowsMessage<RunError>("folder/file: cannot be looked at: Permission denied"));
  EXPECT_THROW(support::is_directory("folder/file"), RunError);
  EXPECT_THROW(support::is_regular_file("folder/file"), RunError);
  EXPECT_THROW(support::file_size("folder/file"), RunError);
}

// As after another host has written it: the first answer is an old one.
TEST_F(ListingTest, WhyAFileThatIsListedCannotBeOpenedIsWhatTheSecondAttemptSays) {
  fs::create_symlink("nothing", "folder/link");
  const FailingCalls failing(Call::kOpen, "folder/link", EMFILE, 2);
  EXPECT_THAT([] { read_file("folder/link"); },
              ThrowsMessage<RunError>("folder/link: cannot be opened: Too many open files"));
}

}  // namespace
}  // namespace zoetrope::support
