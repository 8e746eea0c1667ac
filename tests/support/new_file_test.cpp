// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/new_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "scratch.hpp"

namespace zoetrope::support {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class NewFileTest : public ::testing::Test {
 protected:
  fs::path path() const { return folder_ / "new"; }

  const fs::path folder_ = scratch::folder();
};

TEST_F(NewFileTest, HoldsWhatWasWritten) {
  NewFile file(path());
  file.write("abcdef");
  file.write_at(2, "CD");
  file.write("g");
  file.close();

  EXPECT_EQ(content_of(path()), "abCDefg");
}

TEST_F(NewFileTest, ANameThatIsTakenIsAnError) {
  std::ofstream(path()) << "before";

  EXPECT_THAT([&] { NewFile{path()}; }, ThrowsMessage<RunError>(AllOf(HasSubstr("new: cannot be created"))));
  EXPECT_THROW(create_new_folder(path()), RunError);
  EXPECT_EQ(content_of(path()), "before");
}

TEST_F(NewFileTest, ALinkIsNotFollowed) {
  for (const char* victim : {"there", "nowhere"}) {
    std::ofstream(folder_ / "there") << "mine";
    fs::create_symlink(folder_ / victim, path());

    EXPECT_THROW(NewFile{path()}, RunError);
    EXPECT_THROW(create_new_folder(path()), RunError);

    EXPECT_EQ(content_of(folder_ / "there"), "mine");
    EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
    fs::remove(path());
  }
}

TEST_F(NewFileTest, AFolderBehindALinkIsNoNewOne) {
  fs::create_directory(folder_ / "others");
  fs::create_directory_symlink(folder_ / "others", path());

  EXPECT_THROW(create_new_folder(path()), RunError);
}

// A library that opens the name writes into the file, also when its path has come to lead elsewhere.
TEST_F(NewFileTest, ItsNameIsTheFileItself) {
  std::ofstream(folder_ / "victim") << "mine";
  NewFile file(path());
  fs::rename(path(), folder_ / "moved");
  fs::create_symlink(folder_ / "victim", path());

  std::ofstream(file.name()) << "written";

  EXPECT_EQ(content_of(folder_ / "moved"), "written");
  EXPECT_EQ(content_of(folder_ / "victim"), "mine");
}

}  // namespace
}  // namespace zoetrope::support
