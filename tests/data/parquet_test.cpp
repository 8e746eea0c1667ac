// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

#include "scratch.hpp"
#include "support/golden.hpp"

namespace zoetrope::data {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Parquet : public ScratchTest {
 protected:
  Parquet() { fs::copy(golden_files::path("data/parquet"), folder_, fs::copy_options::recursive); }

  std::unique_ptr<Dataset> open(Split split, const DatasetOptions& options = {}) const {
    return open_dataset("parquet:" + folder_.string(), split, options);
  }

  static constexpr const char* kFirst = "data/train-00000-of-00002.parquet";
};

TEST_F(Parquet, ReadsShardsInOrderWithTheClassNamesOfTheSchema) {
  const auto train = open(Split::kTrain);

  ASSERT_EQ(train->size(), 11);
  EXPECT_THAT(train->class_names(), ElementsAre("ant", "bee", "çedilla"));
  for (std::int64_t i = 0; i < 11; ++i) {
    EXPECT_EQ(train->label(i), i % 3);
    EXPECT_EQ(train->image(i).width, 3);
    EXPECT_EQ(train->image(i).pixels, Bytes(18, static_cast<std::uint8_t>(10 * i)));
  }
}

TEST_F(Parquet, ReadsTheTestSplit) {
  const auto test = open(Split::kTest);

  ASSERT_EQ(test->size(), 3);
  EXPECT_EQ(test->image(2).pixels[0], 130);
  EXPECT_NE(test->digest(), open(Split::kTrain)->digest());
}

TEST_F(Parquet, NamesImagesAsTheirStructsDo) {
  DatasetOptions options;
  options.limit = 2;

  const auto test = open(Split::kTest, options);

  EXPECT_EQ(test->image_name(0), "");  // null
  EXPECT_EQ(test->image_name(1), "ü/1.png");
  EXPECT_EQ(open(Split::kTest)->image_name(2), "ü/2.png");
  EXPECT_EQ(open(Split::kTrain)->image_name(10), "");
}

TEST_F(Parquet, KeepsTheFirstImagesUpToTheLimit) {
  DatasetOptions options;
  options.limit = 8;

  const auto train = open(Split::kTrain, options);

  EXPECT_EQ(train->size(), 8);
  EXPECT_EQ(train->image(7).pixels[0], 70);
  EXPECT_NE(train->digest(), open(Split::kTrain)->digest());
}

TEST_F(Parquet, TakesColumnsAndSplitsByName) {
  fs::rename(folder_ / "data/test-00000-of-00001.parquet", folder_ / "data/holdout-00000-of-00001.parquet");
  DatasetOptions options;
  options.split = "holdout";
  options.image_column = "img";
  options.label_column = "fine_label";

  EXPECT_EQ(open(Split::kTest, options)->size(), 3);
  options.split = "nothing";
  EXPECT_THAT([&] { open(Split::kTest, options); },
              ThrowsMessage<InputError>(HasSubstr("nothing: is not a folder")));
}

TEST_F(Parquet, RefusesSplitsWhoseLabelsMeanOtherClasses) {
  const Bytes file = read("data/test-00000-of-00001.parquet");
  std::string text(file.begin(), file.end());
  text.replace(text.find("\"ant\""), 5, "\"elk\"");
  text.replace(text.find("ARROW:schema"), 12, "other-schema");  // which has the names once more, in base64
  write_text("data/holdout-00000-of-00001.parquet", text);
  DatasetOptions options;
  EXPECT_NO_THROW(open(Split::kTrain, options));

  options.other_split = "holdout";

  EXPECT_THAT([&] { open(Split::kTrain, options); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("holdout-00000"), HasSubstr("fine_label"))));
}

TEST_F(Parquet, ListsTheColumnsWhenTheNamedOneIsMissing) {
  DatasetOptions options;
  options.label_column = "coarse_label";

  EXPECT_THAT([&] { open(Split::kTrain, options); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("coarse_label"), HasSubstr("weight (int32), fine_label (int64)"))));
}

TEST_F(Parquet, AsksForClassNamesWhereTheColumnHasNone) {
  DatasetOptions options;
  options.label_column = "weight";
  EXPECT_THAT([&] { open(Split::kTrain, options); }, ThrowsMessage<InputError>(HasSubstr("class_names.txt")));

  write_text("class_names.txt", "a\nb\n");  // every weight is 7
  EXPECT_THAT([&] { open(Split::kTrain, options); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr(kFirst), HasSubstr("row 0"), HasSubstr("label 7 is outside"))));

  write_text("class_names.txt", "a\nb\nc\nd\ne\nf\ng\nh\n");
  EXPECT_EQ(open(Split::kTrain, options)->label(10), 7);
}

TEST_F(Parquet, ReportsDamageAnywhere) {
  const Bytes good = read(kFirst);
  int reported = 0;
  for (std::size_t at = 0; at < good.size(); at += 7) {
    Bytes damaged = good;
    damaged[at] ^= 0xff;
    write(kFirst, damaged);
    try {
      const auto train = open(Split::kTrain);
      for (std::int64_t i = 0; i < train->size(); ++i) train->image(i);
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(kFirst));
      ++reported;
    }
  }
  EXPECT_GT(reported, 100);
}

TEST_F(Parquet, ReportsFilesCutAnywhere) {
  const Bytes good = read(kFirst);
  for (std::size_t size = 0; size < good.size(); size += 101) {
    write(kFirst, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_THROW(open(Split::kTrain), InputError) << size;
  }
}

TEST_F(Parquet, RefusesMoreRowsThanTheFileCanHold) {
  fs::copy(golden_files::path("data/parquet-many-rows"), folder_ / "many");

  EXPECT_THAT([&] { open_dataset("parquet:" + (folder_ / "many").string(), Split::kTrain, {}); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("train.parquet"), HasSubstr("claims more values"))));
}

TEST_F(Parquet, TakesNoSplitFromTheNameOfTheFolderThatIsGiven) {
  for (const char* name : {"train", "test"}) {
    fs::rename(folder_ / "data", folder_ / name);
    const std::string spec = "parquet:" + (folder_ / name).string();

    for (const std::string& given : {spec, spec + "/", spec + "/."}) {
      EXPECT_EQ(open_dataset(given, Split::kTrain, {})->size(), 11) << given;
      EXPECT_EQ(open_dataset(given, Split::kTest, {})->size(), 3) << given;
    }
    fs::rename(folder_ / name, folder_ / "data");
  }
}

TEST_F(Parquet, TakesTheFoldersAboveAShard) {
  fs::create_directories(folder_ / "all/train/first");
  fs::copy(folder_ / kFirst, folder_ / "all/train/first/0.parquet");
  fs::create_directories(folder_ / "all/val");
  fs::copy(folder_ / kFirst, folder_ / "all/val/0.parquet");
  const std::string spec = "parquet:" + (folder_ / "all").string();

  EXPECT_EQ(open_dataset(spec, Split::kTrain, {})->size(), 7);
  EXPECT_EQ(open_dataset(spec, Split::kTest, {})->size(), 7);
}

TEST_F(Parquet, RefusesAShardOfBothSplits) {
  fs::create_directories(folder_ / "all/train/test");
  fs::copy(folder_ / kFirst, folder_ / "all/train/test/0.parquet");
  const std::string spec = "parquet:" + (folder_ / "all").string();
  for (const Split split : {Split::kTrain, Split::kTest}) {
    EXPECT_THAT([&] { open_dataset(spec, split, {}); },
                ThrowsMessage<InputError>(
                    AllOf(HasSubstr("all/train/test/0.parquet: is of the splits"), HasSubstr("at once"))));
  }

  DatasetOptions options;  // to look at what was trained on
  options.split = "train";
  EXPECT_EQ(open(Split::kTest, options)->size(), 11);
}

TEST_F(Parquet, LeavesOutWhatIsHidden) {
  const std::string digest = open(Split::kTrain)->digest();
  for (const char* name : {"data/._train-00000-of-00002.parquet", ".cache/data/train-00000-of-00002.parquet",
                           "__MACOSX/data/train-00000-of-00002.parquet", "data/train/.hidden/0.parquet"})
    write_text(name, "no shard");

  EXPECT_EQ(open(Split::kTrain)->digest(), digest);
}

TEST_F(Parquet, RefusesFoldersOfSeveralConfigurations) {
  fs::copy(folder_ / "data", folder_ / "mini");
  EXPECT_EQ(open(Split::kTrain)->size(), 11);  // of data/SPLIT-00000-of-00001 alone

  fs::rename(folder_ / "data", folder_ / "full");
  EXPECT_THAT(
      [&] { open(Split::kTrain); },
      ThrowsMessage<InputError>(AllOf(HasSubstr("several configurations of a data set, full and mini"),
                                      HasSubstr("--data parquet:" + (folder_ / "full").string()))));
  EXPECT_EQ(open_dataset("parquet:" + (folder_ / "mini").string(), Split::kTrain, {})->size(), 11);

  fs::remove(folder_ / "mini/test-00000-of-00001.parquet");
  EXPECT_THAT([&] { open(Split::kTest); }, ThrowsMessage<InputError>(HasSubstr("full and mini")));
}

TEST_F(Parquet, ReadsSplitsThatLieInFoldersOfTheirOwn) {
  for (const char* year : {"2025", "2026", "2027"}) fs::create_directories(folder_ / year);
  fs::rename(folder_ / kFirst, folder_ / "2025/train.parquet");
  fs::rename(folder_ / "data/train-00001-of-00002.parquet", folder_ / "2026/train.parquet");
  fs::rename(folder_ / "data/test-00000-of-00001.parquet", folder_ / "2027/test.parquet");

  EXPECT_EQ(open(Split::kTrain)->size(), 11);
}

TEST_F(Parquet, AsksWhichOfTheConfigurationsThatTheReadmeNames) {
  const std::string configs =
      "---\nlicense: mit\nconfigs:\n- config_name: full\n  data_files: full/*\n- data_files: data/*  # few\n"
      "  config_name: \"mini, of few\"\n";
  const std::string rest = "dataset_info:\n- config_name: other\n---\n- config_name: text\n";
  fs::copy(folder_ / "data", folder_ / "full");
  write_text("README.md", configs + rest);
  EXPECT_THAT([&] { open(Split::kTrain); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("data set, full and mini, of few ("),
                                              HasSubstr("README.md"), HasSubstr("default: true"),
                                              HasSubstr("--data parquet:" + (folder_ / "full").string()))));

  write_text("README.md", configs + "  default: yes\n" + rest);
  EXPECT_EQ(open(Split::kTrain)->size(), 14);  // no split is named: all is for training

  write_text("README.md", configs + rest);
  fs::remove_all(folder_ / "full");  // as where one of them alone was downloaded
  EXPECT_EQ(open(Split::kTrain)->size(), 14);
}

TEST_F(Parquet, TakesTheConfigurationThatIsNamed) {
  write_text("README.md",
             "---\nconfigs:\n- config_name: all\n  data_files: data/*\n- config_name: some\n  data_files: "
             "data/test-*\n---\n");
  DatasetOptions options;
  options.config = "all";
  EXPECT_EQ(open(Split::kTrain, options)->size(), 14);
  options.config = "some";
  EXPECT_EQ(open(Split::kTrain, options)->size(), 3);
  options.config = "none";
  EXPECT_THAT([&] { open(Split::kTrain, options); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("README.md: names no configuration none"),
                                              HasSubstr("--data-config"), HasSubstr("all and some"))));
  for (const std::string& spec : {"parquet:" + (folder_ / kFirst).string(), "idx:" + folder_.string()})
    EXPECT_THAT([&] { open_dataset(spec, Split::kTrain, options); },
                ThrowsMessage<UsageError>(HasSubstr("--data-config")));
}

TEST_F(Parquet, ReadsNothingElseThanItsFolderWhateverTheReadmeSays) {
  for (const char* path : {"/etc/*", "../*", "data/../../x.parquet", "hf://datasets/x/*"}) {
    write_text("README.md",
               "---\nconfigs: [{config_name: a, data_files: '" + std::string(path) + "'}]\n---\n");
    EXPECT_THAT([&] { open(Split::kTrain); },
                ThrowsMessage<InputError>(HasSubstr("leads out of the folder")));
  }
  std::string bomb = "---\na: &a [x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c)
    bomb += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ", *" + char(c - 1) + "]\n";
  write_text("README.md", bomb + "---\n");
  EXPECT_THAT([&] { open(Split::kTrain); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("README.md: line"), HasSubstr("values"))));
  write_text("README.md", "---\na: " + std::string(1000, '[') + "\n---\n");
  EXPECT_THAT([&] { open(Split::kTrain); }, ThrowsMessage<InputError>(HasSubstr("README.md: line 2")));
}

TEST_F(Parquet, SaysWhichShardIsAGitLfsPointer) {
  write_text(kFirst, "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n");
  EXPECT_THAT([&] { open(Split::kTrain); },
              ThrowsMessage<InputError>(AllOf(HasSubstr(kFirst), HasSubstr("git lfs pull"))));
}

TEST_F(Parquet, WarnsOfShardsThatAreNotThere) {
  fs::remove(folder_ / "data/train-00001-of-00002.parquet");
  support::set_up_logging("warning", 0, 1, "host");
  ::testing::internal::CaptureStderr();

  const auto dataset = open(Split::kTrain);

  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr(kFirst), HasSubstr("one of 2 shards, of which 1 are here")));
  EXPECT_GT(dataset->size(), 0);
}

TEST_F(Parquet, SaysWhatIsMissing) {
  fs::remove(folder_ / kFirst);
  fs::remove(folder_ / "data/train-00001-of-00002.parquet");
  EXPECT_THAT([&] { open(Split::kTrain); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("holds no training split"),
                                              HasSubstr("its splits are test"), HasSubstr("--train-split"))));
  fs::remove_all(folder_ / "data");
  EXPECT_THAT([&] { open(Split::kTrain); },
              ThrowsMessage<InputError>(HasSubstr("holds no .parquet or .arrow file")));
}

}  // namespace
}  // namespace zoetrope::data
