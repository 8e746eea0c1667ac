// SPDX-License-Identifier: Apache-2.0
// What appears under a name is whole, whatever becomes of the writer.
#include <chrono>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

#include "support/another_process.hpp"

namespace zoetrope::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

// A folder as a job writes it: a file in it, and one further down.
void fill(const fs::path& folder, const std::string& text) {
  fs::create_directories(folder / "deep");
  write(folder / "model", text);
  write(folder / "deep/state", text);
}

TEST(AtomicPath, AFileAppearsWithItsCommit) {
  AtomicPath file("model");
  write(file.temporary(), "weights");

  EXPECT_FALSE(fs::exists("model"));
  file.commit();
  EXPECT_EQ(read_file("model"), "weights");
  EXPECT_THAT(names_in("."), ElementsAre("model"));
}

TEST(AtomicPath, AFolderAppearsWithItsCommit) {
  AtomicPath folder("checkpoint");
  fill(folder.temporary(), "weights");

  EXPECT_FALSE(fs::exists("checkpoint"));
  folder.commit();
  EXPECT_EQ(read_file("checkpoint/model"), "weights");
  EXPECT_EQ(read_file("checkpoint/deep/state"), "weights");
  EXPECT_THAT(names_in("."), ElementsAre("checkpoint"));
}

// Beside it, since a name can be changed within a file system only.
TEST(AtomicPath, TheTemporaryNameIsAHiddenOneBesideTheFinalName) {
  const AtomicPath path("run/model");

  EXPECT_EQ(path.temporary().parent_path(), "run");
  EXPECT_THAT(path.temporary().filename().string(), AllOf(StartsWith(".model."), EndsWith(".tmp")));
}

TEST(AtomicPath, WithoutCommitWhatWasThereStays) {
  write("model", "old");
  fill("checkpoint", "old");
  {
    const AtomicPath file("model"), folder("checkpoint"), another("another");
    write(file.temporary(), "new");
    fill(folder.temporary(), "new");
    write(another.temporary(), "new");
  }
  EXPECT_EQ(read_file("model"), "old");
  EXPECT_EQ(read_file("checkpoint/deep/state"), "old");
  EXPECT_THAT(names_in("."), UnorderedElementsAre("model", "checkpoint"));
}

TEST(AtomicPath, AFileIsReplaced) {
  write("model", "a text that is longer than the new one");
  AtomicPath file("model");
  write(file.temporary(), "new");
  EXPECT_THAT(read_file("model"), StartsWith("a text"));

  file.commit();

  EXPECT_EQ(read_file("model"), "new");
}

TEST(AtomicPath, AFolderIsReplacedWithAllThatItHeld) {
  fill("checkpoint", "old");
  write("checkpoint/optimizer", "old");
  AtomicPath folder("checkpoint");
  fill(folder.temporary(), "new");
  EXPECT_EQ(read_file("checkpoint/model"), "old");

  folder.commit();

  EXPECT_EQ(read_file("checkpoint/deep/state"), "new");
  EXPECT_THAT(names_in("checkpoint"), UnorderedElementsAre("model", "deep"));
  EXPECT_THAT(names_in("."), ElementsAre("checkpoint"));
}

// Both are there at any time: a reader in between, as a job after a kill, finds one of them.
TEST(AtomicPath, AFolderIsThereWhileItIsReplaced) {
  fill("checkpoint", "old");
  std::jthread reader([](const std::stop_token& stop) {
    while (!stop.stop_requested())
      if (!fs::exists("checkpoint/deep/state")) ::_exit(9);
  });
  for (int i = 0; i < 200; ++i) {
    AtomicPath folder("checkpoint");
    fill(folder.temporary(), "new");
    folder.commit();
  }
}

TEST(AtomicPath, NothingOfAnEarlierTryIsCommitted) {
  const fs::path temporary = AtomicPath("checkpoint").temporary();
  fs::create_directory(temporary);
  write(temporary / "half", "from a process of the same number");

  AtomicPath folder("checkpoint");
  fill(folder.temporary(), "new");
  folder.commit();

  EXPECT_THAT(names_in("checkpoint"), UnorderedElementsAre("model", "deep"));
}

TEST(AtomicPath, OnceCommittedItLeavesTheNextOneAlone) {
  std::optional<AtomicPath> first("model");
  write(first->temporary(), "old");
  first->commit();
  AtomicPath second("model");
  write(second.temporary(), "new");

  first.reset();

  second.commit();
  EXPECT_EQ(read_file("model"), "new");
}

TEST(AtomicPath, AMissingFolderIsNamed) {
  EXPECT_THAT([] { write_file("missing/model", "x"); },
              ThrowsMessage<RunError>(AllOf(StartsWith("missing/model: "), HasSubstr("No such file"))));
  EXPECT_THAT(
      [] { AtomicPath("missing/model").commit(); },
      ThrowsMessage<RunError>(AllOf(StartsWith("missing/"), HasSubstr("model"), HasSubstr("No such file"))));
}

TEST(AtomicPath, AFileThatCannotBePutInPlaceLeavesNothing) {
  fill("model", "old");

  EXPECT_THAT([] { write_file("model", "x"); },
              ThrowsMessage<RunError>(StartsWith("model: cannot be put in place: ")));
  EXPECT_EQ(read_file("model/deep/state"), "old");
  EXPECT_THAT(names_in("."), ElementsAre("model"));
}

TEST(WriteFile, WritesAllBytesAndReplacesWhatWasThere) {
  for (const std::string& text :
       {std::string(3'000'000, 'x'), std::string("a\0b\r\n\xff", 6), std::string()}) {
    write_file("file", text);
    EXPECT_EQ(read_file("file"), text) << text.size();
  }
  EXPECT_THAT(names_in("."), ElementsAre("file"));
}

TEST(RemoveLeftovers, WhatADeadProcessLeftIsSwept) {
  AnotherProcess writer([](const auto&) {
    const AtomicPath file("model"), folder("checkpoint");
    write(file.temporary(), "half");
    fill(folder.temporary(), "half");
    ::_exit(0);  // without destructors, as a process that is killed
  });
  EXPECT_EQ(writer.exit_code(), 0);
  ASSERT_EQ(names_in(".").size(), 2U);

  remove_leftovers(".");

  EXPECT_THAT(names_in("."), IsEmpty());
}

TEST(RemoveLeftovers, WhatALivingProcessWritesStays) {
  AnotherProcess writer([](const auto& wait) {
    AtomicPath file("model"), folder("checkpoint");
    write(file.temporary(), "whole");
    fill(folder.temporary(), "whole");
    wait();
    file.commit();
    folder.commit();
  });
  writer.wait_until_it_waits();

  remove_leftovers(".");

  EXPECT_EQ(names_in(".").size(), 2U);
  writer.go_on();
  EXPECT_EQ(writer.exit_code(), 0);
  EXPECT_EQ(read_file("model"), "whole");
  EXPECT_EQ(read_file("checkpoint/deep/state"), "whole");
}

// The name of a temporary file of `path` with another writer.
fs::path by(const std::string& writer, const std::string& name = "model") {
  return "." + name + "." + writer + ".tmp";
}

// "place-pid-start-token" of this process.
std::string own_name() {
  return AtomicPath("model").temporary().stem().extension().string().substr(1);
}

void age(const fs::path& path) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(2));
}

// The first process of a container has the same number each time.
TEST(RemoveLeftovers, WhatAnEarlierProcessOfThisNumberLeftIsSwept) {
  const std::string own = own_name(), place = own.substr(0, own.find('-'));
  write(by(place + "-" + std::to_string(::getpid()) + "-1-0011223344556677"), "half");
  remove_leftovers(".");
  EXPECT_THAT(names_in("."), IsEmpty());
}

// Where the first process of a container reaps nobody, a number stays taken.
TEST(RemoveLeftovers, WhatAProcessLeftThatNobodyHasWaitedForIsSwept) {
  AnotherProcess writer([](const auto& wait) {
    const AtomicPath file("model");
    write(file.temporary(), "half");
    wait();
    ::_exit(0);
  });
  writer.wait_until_it_waits();
  remove_leftovers(".");
  EXPECT_EQ(names_in(".").size(), 1U);
  writer.go_on();
  while (!names_in(".").empty()) remove_leftovers(".");
}

TEST(RemoveLeftovers, WhatThisProcessIsWritingStays) {
  AtomicPath file("model");
  write(file.temporary(), "half");
  remove_leftovers(".");
  EXPECT_NO_THROW(file.commit());
}

// Process numbers mean nothing on another machine or in another container, where the writer may live.
TEST(RemoveLeftovers, WhatIsWrittenElsewhereStaysUntilNobodyHasWrittenToItForAnHour) {
  const fs::path path = by("0123abcd-999999999-1-0011223344556677");
  write(path, "half");
  remove_leftovers(".");
  EXPECT_THAT(names_in("."), ElementsAre(path.string()));
  age(path);
  remove_leftovers(".");
  EXPECT_THAT(names_in("."), IsEmpty());
}

TEST(RemoveLeftovers, OtherFilesAndDeeperFoldersStay) {
  const auto others = {".hidden",     "data.tmp", ".tmp.h5", ".model.tmp", ".notes.999999999.tmp",
                       ".a-1-2-3.tmp"};
  for (const char* name : others) write(name, "somebody's"), age(name);
  fs::create_directory("deeper");
  const fs::path old = by("0123abcd-999999999-1-0011223344556677");
  write("deeper" / old, "not directly in the folder");
  age("deeper" / old);

  remove_leftovers(".");

  std::vector<std::string> expected(others.begin(), others.end());
  expected.emplace_back("deeper");
  EXPECT_THAT(names_in("."), UnorderedElementsAreArray(expected));
  EXPECT_THAT(names_in("deeper"), ElementsAre(old.string()));
  EXPECT_NO_THROW(remove_leftovers("missing"));
}

TEST(CreateFolders, MakesWhatIsMissing) {
  create_folders("a/b/c");
  create_folders("a/b/c/");
  create_folders("a/d/");
  EXPECT_TRUE(fs::is_directory("a/b/c") && fs::is_directory("a/d"));
}

TEST(CreateFolders, AFileInItsPlaceIsNamed) {
  write("a", "");
  EXPECT_THAT([] { create_folders("a/b"); }, ThrowsMessage<RunError>(StartsWith("a/b: cannot be created: ")));
}

TEST(RemoveFolder, TakesAllOfIt) {
  fill("checkpoint", "old");
  remove_folder("checkpoint");
  remove_folder("missing");
  EXPECT_THAT(names_in("."), IsEmpty());
}

}  // namespace
}  // namespace zoetrope::support
