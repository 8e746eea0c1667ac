// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/analysis_part.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "hdf5.hpp"
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

// No version has written one: its digest's name is damaged.
TEST_F(AnalysisPartTest, RefusesAPartWithoutADigest) {
  const std::vector<double> numbers = {1, 2};
  const std::vector<std::int64_t> integers = {3};
  Hdf5File file = Hdf5File::create(folder_ / "40.h5");
  file.write("numbers", std::span(numbers), {2});
  file.write("integers", std::span(integers), {1});
  file.set_attribute("/", "source_digest", std::string("abc"));
  file.close();

  EXPECT_THAT(
      [&] { read_analysis_part(folder_ / "40.h5"); },
      testing::ThrowsMessage<InputError>(testing::HasSubstr("40.h5: is damaged: its digest is gone")));
}

}  // namespace
}  // namespace zoetrope::store
