// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/run_ini.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/sealed_json.hpp"
#include "zoetrope/support/files.hpp"

#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

using State = IniCheck::State;

class RunIniTest : public ScratchTest {
 protected:
  void SetUp() override {
    write_run_ini(path(), {{"neighbours", "10"}, {"data", "idx:/some/where"}, {"size", "960x540"}});
    text_ = support::read_file(path());
  }
  std::filesystem::path path() const { return folder_ / "run.ini"; }
  std::string replaced(const std::string& from, const std::string& to) const {
    std::string text = text_;
    return text.replace(text.find(from), from.size(), to);
  }

  std::string text_;
};

TEST_F(RunIniTest, IsWholeAsItWasWritten) {
  EXPECT_EQ(check_run_ini(text_).state, State::kWhole);
}

// What people write themselves, and what versions before the digest wrote.
TEST_F(RunIniTest, WithoutItsFirstLineNothingIsPromised) {
  EXPECT_EQ(check_run_ini("neighbours = 10\n").state, State::kPlain);
  EXPECT_EQ(check_run_ini(text_.substr(text_.find('\n') + 1)).state, State::kPlain);
  EXPECT_EQ(check_run_ini("").state, State::kPlain);
}

// As a crash of the system may leave it.
TEST_F(RunIniTest, NothingButBlanksAndNulsIsNothing) {
  for (const std::string& text :
       {std::string(), std::string(text_.size(), '\0'), std::string(" \r\n\t\0\n", 6)})
    EXPECT_TRUE(is_blank_ini(text));
  EXPECT_FALSE(is_blank_ini(text_));
  EXPECT_FALSE(is_blank_ini(std::string(5, '\0') + "#"));
}

TEST_F(RunIniTest, AnEditIsTakenAsOne) {
  EXPECT_EQ(check_run_ini(replaced("= 10", "= 5")).state, State::kEdited);
  EXPECT_EQ(check_run_ini(replaced("neighbours = 10\n", "")).state, State::kEdited);
  EXPECT_EQ(check_run_ini(text_ + "outliers = 4\n").state, State::kEdited);
}

TEST_F(RunIniTest, ASingleBitIsFound) {
  const std::string now = replaced("neighbours = 10", "neighbours = 11");
  const IniCheck check = check_run_ini(now);

  EXPECT_EQ(check.state, State::kFlipped);
  EXPECT_EQ(check.original, text_);
  EXPECT_EQ(check.line, 2U);
  EXPECT_EQ(check.line_now, "neighbours = 11");
  EXPECT_EQ(check.line_before, "neighbours = 10");
}

TEST_F(RunIniTest, EachBitThatFlipsIsFoundOrWithoutEffect) {
  const std::size_t seal = text_.rfind("\n#") + 1;
  for (std::size_t bit = 0; bit < 8 * text_.size(); ++bit) {
    std::string damaged = text_;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const IniCheck check = check_run_ini(damaged);
    EXPECT_EQ(check.state, bit < 8 * seal ? State::kFlipped : State::kWhole) << "bit " << bit;
  }
}

TEST_F(RunIniTest, TheFirstLineOfVersionsBeforeIsKnown) {
  std::string text = replaced("digest; where", "digest: where");
  text.replace(text.find("this first line"), 15, "this one");
  text.erase(text.rfind("\n#") + 1);
  text += "# " + digest_of_text(text) + "\n";
  EXPECT_EQ(check_run_ini(text).state, State::kWhole);
  EXPECT_EQ(check_run_ini(text.substr(0, text.size() - 9)).state, State::kCut);
  text[text.find("= 10") + 3] = '1';
  EXPECT_EQ(check_run_ini(text).state, State::kFlipped);
}

TEST_F(RunIniTest, ACutIsFound) {
  const std::size_t options = text_.find('\n') + 1;
  for (std::size_t size = options; size < text_.size(); ++size)
    EXPECT_EQ(check_run_ini(text_.substr(0, size)).state, State::kCut) << size << " bytes";
}

}  // namespace
}  // namespace zoetrope::store
