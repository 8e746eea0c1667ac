// SPDX-License-Identifier: Apache-2.0
// Which file of a folder is of which split and class; trees_test.py compares with `datasets`.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

#include "image_folder.hpp"

namespace zoetrope::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

class FolderTree : public Folder {};

TEST_F(FolderTree, TakesASplitByName) {
  write("holdout/cat/z.png", files_.at("rgb.png"));
  DatasetOptions options;
  options.split = "holdout";

  EXPECT_EQ(open(Split::kTest, options)->size(), 1);
  options.split = "nowhere";
  EXPECT_THAT([&] { open(Split::kTest, options); }, ThrowsMessage<InputError>(HasSubstr("nowhere")));
}

TEST_F(FolderTree, CountsTheClassesOfBothNamedSplits) {
  write("tr/ant/1.png", files_.at("rgb.png"));
  write("tr/cat/1.png", files_.at("rgb.png"));
  write("te/bee/1.png", files_.at("rgb.png"));
  write("te/cat/1.png", files_.at("rgb.png"));
  DatasetOptions train, test;
  train.split = test.other_split = "tr";
  test.split = train.other_split = "te";

  EXPECT_THAT(open(Split::kTrain, train)->class_names(), ElementsAre("ant", "bee", "cat"));
  EXPECT_THAT(open(Split::kTest, test)->class_names(), ElementsAre("ant", "bee", "cat"));
  EXPECT_THAT(labels(*open(Split::kTrain, train)), ElementsAre(0, 2));
  EXPECT_THAT(labels(*open(Split::kTest, test)), ElementsAre(1, 2));
}

TEST_F(FolderTree, LeavesOutWhatIsHiddenAtEveryLevel) {
  const std::string digest = open(Split::kTrain)->digest();
  for (const char* name :
       {"train/dog/._a.PNG", "train/dog/.cache/a.png", "train/dog/__MACOSX/a.png", "train/.git/a.png",
        "train/__MACOSX/a.png", "._train/dog/a.png", "__MACOSX/train/dog/a.png"})
    write(name, files_.at("rgb.png"));

  EXPECT_EQ(open(Split::kTrain)->digest(), digest);
  EXPECT_THAT(open(Split::kTrain)->class_names(), ElementsAre("ant-eater", "cat", "dog", "zebra"));
}

TEST_F(FolderTree, WarnsOfAClassThatIsNamedAsWhatIsLeftOut) {
  write("train/__background__/a.png", files_.at("rgb.png"));
  write("train/__MACOSX/._a.png", files_.at("rgb.png"));
  support::set_up_logging("warning", 0, 1, "host");
  ::testing::internal::CaptureStderr();

  open(Split::kTrain);

  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("train/__background__: is left out"), Not(HasSubstr("__MACOSX"))));
}

TEST_F(FolderTree, RefusesImagesAtDifferentDepths) {
  write("train/cat/more/a.png", files_.at("rgb.png"));

  EXPECT_THAT(
      [&] { open(Split::kTrain); },
      ThrowsMessage<InputError>(AllOf(HasSubstr("train/cat/more/a.png"), HasSubstr("train/ant-eater/1.bmp"),
                                      HasSubstr("--test-split leave other splits out"))));
}

TEST_F(FolderTree, RefusesWhatDatasetsWouldTakeLabelsOrImagesFrom) {
  write_text("train/cat/a.zip", "");
  EXPECT_THAT([&] { open(Split::kTest); }, ThrowsMessage<InputError>(HasSubstr("a.zip: is an archive")));
  std::filesystem::remove(folder_ / "train/cat/a.zip");

  write_text("train/metadata.csv", "file_name,label\n");
  EXPECT_THAT([&] { open(Split::kTrain); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("train/metadata.csv"),
                                              HasSubstr("the split validation has no such file"))));
}

TEST_F(FolderTree, TakesNoClassForASplit) {
  write("train/dev/a.png", files_.at("rgb.png"));
  EXPECT_THAT([&] { open(Split::kTest); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("train/dev/a.png: is of the splits"),
                                              HasSubstr("validation and train at once"))));

  DatasetOptions options;
  options.split = "train";
  options.other_split = "val";
  EXPECT_THAT(open(Split::kTrain, options)->class_names(),
              ElementsAre("ant-eater", "cat", "dev", "dog", "zebra"));
}

TEST_F(FolderTree, WarnsOfLinksToFolders) {
  std::filesystem::create_directory_symlink(folder_ / "val/zebra", folder_ / "train/zebra");
  support::set_up_logging("warning", 0, 1, "host");
  ::testing::internal::CaptureStderr();

  EXPECT_EQ(open(Split::kTrain)->size(), 4);

  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("train/zebra: is left out, as datasets follows no link"));
}

TEST_F(FolderTree, WarnsOnceOfClassesThatOneSplitHasAndOfNamesThatLookTheSame) {
  write("train/caf\u00e9/1.png", files_.at("rgb.png"));
  write("val/cafe\u0301/1.png", files_.at("rgb.png"));
  support::set_up_logging("warning", 0, 1, "host");
  ::testing::internal::CaptureStderr();

  open(Split::kTrain);
  open(Split::kTest);

  const std::string warnings = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(
      warnings,
      AllOf(HasSubstr("the classes \"cafe\\u0301\" and \"caf\\u00e9\" look the same and count as two"),
            HasSubstr(
                "ant-eater, caf\u00e9 and cat in train alone, cafe\u0301 and zebra in validation alone")));
  EXPECT_EQ(std::ranges::count(warnings, '\n'), 2) << warnings;
}

TEST_F(FolderTree, SaysWhatIsMissing) {
  std::filesystem::remove_all(folder_ / "val");
  EXPECT_THAT([&] { open(Split::kTest); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("holds no test split"),
                                              HasSubstr("DIR/test/<class>/"), HasSubstr("--test-split"))));

  write_text("test/cat/notes.txt", "");
  EXPECT_THAT([&] { open(Split::kTest); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("its split test holds no image"), HasSubstr("test/cat/notes.txt"))));
}

TEST_F(FolderTree, SaysWhichSchemeReadsAFolderOfOtherFiles) {
  const auto said = [&](const std::string& spec) {
    try {
      open_dataset(spec, Split::kTrain, {});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  write_text("saved/dataset_dict.json", "{}");
  write_text("saved/train/data-00000-of-00001.arrow", "");
  write_text("arrow/train.arrow", "");
  write_text("shards/train.parquet", "");
  write_text("tars/train-000000.tar", "");
  const std::string root = folder_.string();
  EXPECT_THAT(said("folder:" + root + "/saved"),
              HasSubstr("holds no image; it is what save_to_disk() of datasets wrote: give --data parquet:" +
                        root + "/saved"));
  for (const char* part : {"/arrow", "/shards"})
    EXPECT_THAT(said("folder:" + root + part), HasSubstr("files: give --data parquet:" + root + part));
  EXPECT_THAT(said("parquet:" + root + "/tars"), HasSubstr("give --data webdataset:" + root + "/tars"));
  EXPECT_THAT(said("webdataset:" + root + "/train"), HasSubstr("give --data folder:" + root + "/train"));
  EXPECT_THAT(said("folder:" + root + "/shards/train.parquet"),
              HasSubstr("is not a folder: give --data parquet:" + root + "/shards/train.parquet"));
  EXPECT_THAT(said(root + "/shards"), HasSubstr("give --data parquet:" + root + "/shards"));
  EXPECT_THAT(said("folder:" + root), Not(HasSubstr("give --data")));
}

TEST_F(FolderTree, SaysWhereImagesBelong) {
  write("flat/train/1.png", files_.at("rgb.png"));
  std::filesystem::create_directories(folder_ / "flat/train/cat");

  EXPECT_THAT([&] { open_dataset("folder:" + (folder_ / "flat").string(), Split::kTrain, {}); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("flat/train/1.png: lies in no class's folder"),
                                              HasSubstr("flat/train/cat/1.jpg"))));
}

}  // namespace
}  // namespace zoetrope::data
