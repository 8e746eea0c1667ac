// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/analysis_part.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

class AnalysisPartTest : public ScratchTest {
 protected:
  std::filesystem::path path() const { return RunDirectory{folder_}.analysis_part(40); }
  AnalysisPart written() const {
    AnalysisPart part{"abc", {}, {}};
    for (int i = 0; i < 500; ++i) {
      part.numbers.push_back(1.0 / (i + 1));
      part.integers.push_back(i - 250);
    }
    write_analysis_part(path(), part);
    return part;
  }
};

TEST_F(AnalysisPartTest, GivesBackWhatWasWritten) {
  const AnalysisPart part = written();

  const AnalysisPart read = read_analysis_part(path());

  EXPECT_EQ(read.source_digest, part.source_digest);
  EXPECT_EQ(read.numbers, part.numbers);
  EXPECT_EQ(read.integers, part.integers);
}

TEST_F(AnalysisPartTest, NamesTheFileThatIsDamagedOrMissing) {
  const AnalysisPart part = written();
  std::string content = support::read_file(path());
  content[content.size() / 2] ^= 1;
  support::write_file(path(), content);

  const auto read = [&] { read_analysis_part(path()); };
  const auto names_it = testing::ThrowsMessage<InputError>(testing::HasSubstr("40.h5"));
  EXPECT_THAT(read, names_it);
  support::write_file(path(), content.substr(0, content.size() / 2));
  EXPECT_THAT(read, names_it);
  support::remove_file(path());
  EXPECT_THAT(read, names_it);
}

}  // namespace
}  // namespace zoetrope::store
