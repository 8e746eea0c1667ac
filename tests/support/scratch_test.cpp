// SPDX-License-Identifier: Apache-2.0
// That tests have a folder of their own is what keeps them apart when they run side by side.
#include "support/scratch.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zoetrope::scratch {
namespace {

namespace fs = std::filesystem;

// Run once in each of two tests: the second would find the first's file.
void expect_a_folder_of_its_own() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  EXPECT_THAT(fs::current_path().filename().string(), ::testing::StartsWith(file_name_of(*test)));
  EXPECT_TRUE(fs::is_empty("."));
  std::ofstream("one.gif") << "GIF89a";
}

TEST(Scratch, ATestWorksInAFolderOfItsOwn) {
  expect_a_folder_of_its_own();
}

TEST(Scratch, SoDoesTheNext) {
  expect_a_folder_of_its_own();
}

TEST(Scratch, FoldersOfOneNameAreSeveralAndGoWithTheirOwner) {
  fs::path path;
  {
    const Folder first("a"), second("a");
    EXPECT_NE(first.path(), second.path());
    path = first.path();
    std::ofstream(path / "file") << "text";
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_THROW(Folder("a", "nowhere"), std::system_error);
}

TEST(Scratch, EachCallMakesAnotherFolder) {
  const fs::path first = folder(), second = folder();

  EXPECT_NE(first, second);
  EXPECT_TRUE(fs::is_empty(first) && fs::is_empty(second));
}

}  // namespace
}  // namespace zoetrope::scratch
