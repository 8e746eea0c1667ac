// SPDX-License-Identifier: Apache-2.0
// Which exports there are; export_test.py opens them with the packages that they are for.
#include "zoetrope/review/export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/error.hpp"

#include "exports.hpp"
#include "review/sample_run.hpp"

namespace zoetrope::review {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ExportTest : public ::testing::Test {
 protected:
  const store::RunDirectory run_{fs::current_path()};
};

TEST_F(ExportTest, EveryFormatHoldsRunsOfEverySize) {
  for (const char* format : {"npz", "projector", "spotlight"}) {
    for (const std::int64_t images : {0, 1, 13}) {
      for (const std::int64_t frames : {0, 1, 3}) {
        const Review review = make_sample({.images = images, .frames = frames, .hostile_names = true});
        const fs::path written = export_review(format, run_, review);
        EXPECT_TRUE(fs::exists(written)) << format << ": " << images << " images, " << frames << " frames";
      }
    }
  }
}

TEST_F(ExportTest, AnUnknownFormatIsAUsageError) {
  try {
    export_review("spotligth", run_, make_sample({}));
    FAIL() << "an unknown format was taken";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean spotlight?"));
  }
}

TEST_F(ExportTest, EmbeddingsOfAnotherSplitAreRefused) {
  const Review review = make_sample({.images = 13, .frames = 2});
  fs::create_directories(run_.checkpoint(0));
  store::EmbeddingsIdentity other;
  other.num_rows = 12;
  other.num_columns = 1;
  store::write_shard(run_.checkpoint(0), other, 0, {std::vector<float>(12), {}});
  store::seal(run_.checkpoint(0), other);

  EXPECT_THROW(export_review("npz", run_, review), InputError);
  EXPECT_FALSE(fs::exists(run_.root / "review.npz"));
}

// An array of bytes in a Parquet file's reader ends at 2 GiB.
TEST(RowGroups, EndAtManyRowsOrManyBytes) {
  using Sizes = std::vector<std::size_t>;
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  EXPECT_THAT(row_group_ends(Sizes{}), ::testing::IsEmpty());
  EXPECT_THAT(row_group_ends(Sizes(3, 0)), ::testing::ElementsAre(3));
  EXPECT_THAT(row_group_ends(Sizes(40'000, 700)), ::testing::ElementsAre(16384, 32768, 40'000));
  EXPECT_THAT(row_group_ends(Sizes(5, 100 * kMiB)), ::testing::ElementsAre(2, 4, 5));
  EXPECT_THAT(row_group_ends(Sizes{1, 3000 * kMiB, 1, 256 * kMiB}), ::testing::ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace zoetrope::review
