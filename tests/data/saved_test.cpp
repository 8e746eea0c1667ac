// SPDX-License-Identifier: Apache-2.0
// Arrow's own format, and the folders that save_to_disk() of `datasets` writes with it.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/error.hpp"

#include "scratch.hpp"
#include "support/golden.hpp"

namespace zoetrope::data {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The folder that save_to_disk() wrote.
class Saved : public ScratchTest {
 protected:
  Saved() { fs::copy(golden_files::path("data/saved"), folder_, fs::copy_options::recursive); }

  std::unique_ptr<Dataset> open(Split split, const std::string& part = "",
                                const DatasetOptions& options = {}) const {
    return open_dataset("parquet:" + (folder_ / part).string(), split, options);
  }

  static constexpr const char* kFirst = "train/data-00000-of-00002.arrow";
};

TEST_F(Saved, ReadsItsSplitsWithNamesAndClasses) {
  const auto train = open(Split::kTrain), test = open(Split::kTest);

  EXPECT_EQ(train->size(), 5);
  EXPECT_EQ(test->size(), 3);
  EXPECT_THAT(test->class_names(), ElementsAre("ant", "bee", "çedilla"));
  for (std::int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(train->label(i), i % 3);
    EXPECT_EQ(train->image_name(i), std::to_string(i) + ".png");
    EXPECT_EQ(train->image(i).pixels, Bytes(18, static_cast<std::uint8_t>(10 * i)));
  }
  EXPECT_NE(train->digest(), test->digest());
}

TEST_F(Saved, IsForTrainingWhereItIsOneDataSetOrOneFile) {
  DatasetOptions options;
  options.split = "train";
  for (const char* part : {"train", kFirst}) {
    EXPECT_EQ(open(Split::kTrain, part)->size(), open(Split::kTest, part, options)->size()) << part;
    EXPECT_THAT([&] { open(Split::kTest, part); }, ThrowsMessage<InputError>(HasSubstr("--test-split")));
  }
  EXPECT_EQ(open(Split::kTrain, "train")->size(), 5);
}

TEST_F(Saved, ReadsArrowFilesOfAFolderByTheirNames) {
  fs::create_directories(folder_ / "new");
  fs::copy(folder_ / kFirst, folder_ / "new/train.arrow");
  fs::copy(folder_ / "test/data-00000-of-00001.arrow", folder_ / "new/val.arrow");

  EXPECT_EQ(open(Split::kTrain, "new")->size(), 3);
  EXPECT_EQ(open(Split::kTest, "new")->label(0), 2);
}

TEST_F(Saved, ReportsDamageAnywhere) {
  const Bytes good = read(kFirst);
  int reported = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int bits : {0xff, 0x80, 0x01}) {
      Bytes damaged = good;
      damaged[at] ^= static_cast<std::uint8_t>(bits);
      write(kFirst, damaged);
      try {
        const auto train = open(Split::kTrain);
        for (std::int64_t i = 0; i < train->size(); ++i) train->image(i), train->image_name(i);
      } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("train/data-0000"));
        ++reported;
      }
    }
  }
  EXPECT_GT(reported, 100);
}

TEST_F(Saved, ReportsFilesCutAnywhereAndStatesThatLeadElsewhere) {
  const Bytes good = read(kFirst);
  for (std::size_t size = 0; size < good.size(); ++size) {
    write(kFirst, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_THROW(open(Split::kTrain), InputError) << size;
  }
  for (const char* name : {"../x.arrow", "/etc/passwd", "..", ""}) {
    write_text("train/state.json", "{\"_data_files\": [{\"filename\": \"" + std::string(name) + "\"}]}");
    EXPECT_THAT(
        [&] { open(Split::kTrain); },
        ThrowsMessage<InputError>(AllOf(HasSubstr("train/state.json"), HasSubstr("no name of a file"))));
  }
}

}  // namespace
}  // namespace zoetrope::data
