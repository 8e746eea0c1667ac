// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

#include "image_folder.hpp"

namespace zoetrope::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST_F(Folder, SortsClassesOfBothSplitsAndFilesByPath) {
  const auto train = open(Split::kTrain);

  EXPECT_THAT(train->class_names(), ElementsAre("ant-eater", "cat", "dog", "zebra"));
  EXPECT_THAT(labels(*train), ElementsAre(0, 1, 2, 2));
  EXPECT_EQ(train->image(0).channels, 1);
  EXPECT_EQ(train->image(3).height, 13);
}

TEST_F(Folder, NamesImagesByTheirPlaceInTheFolder) {
  EXPECT_EQ(open(Split::kTrain)->image_name(2), "train/dog/a.PNG");
  EXPECT_EQ(open(Split::kTest)->image_name(1), "val/zebra/y.png");
}

TEST_F(Folder, TakesValForTestAndCountsClassesAlike) {
  const auto test = open(Split::kTest);

  EXPECT_EQ(test->class_names(), open(Split::kTrain)->class_names());
  EXPECT_THAT(labels(*test), ElementsAre(2, 3));
}

TEST_F(Folder, LimitsToTheStartOfASeededPermutation) {
  for (int i = 0; i < 20; ++i) write("train/cat/" + std::to_string(100 + i) + ".png", files_.at("rgb.png"));
  std::set<std::string> digests;
  DatasetOptions options;
  options.limit = 8;
  for (options.seed = 0; options.seed < 4; ++options.seed) {
    const auto dataset = open(Split::kTrain, options);
    EXPECT_EQ(dataset->size(), 8);
    EXPECT_TRUE(std::ranges::is_sorted(labels(*dataset)));
    EXPECT_EQ(dataset->digest(), open(Split::kTrain, options)->digest());
    digests.insert(dataset->digest());
  }
  EXPECT_EQ(digests.size(), 4u);
}

TEST_F(Folder, DigestFollowsNamesLabelsAndContent) {
  std::set<std::string> digests{open(Split::kTrain)->digest()};

  Bytes bmp = files_.at("grey.bmp");
  bmp.back() ^= 1;
  write("train/ant-eater/1.bmp", bmp);
  digests.insert(open(Split::kTrain)->digest());
  std::filesystem::rename(folder_ / "train/dog/b.jpg", folder_ / "train/dog/c.jpg");
  digests.insert(open(Split::kTrain)->digest());
  std::filesystem::rename(folder_ / "train/dog", folder_ / "train/dogs");
  digests.insert(open(Split::kTrain)->digest());

  EXPECT_EQ(digests.size(), 4u);
}

TEST_F(Folder, NamesABrokenImageAndTheWayToGoOn) {
  write("train/cat/broken.jpg", Bytes(files_.at("420.jpg").begin(), files_.at("420.jpg").begin() + 300));
  const auto dataset = open(Split::kTrain);

  EXPECT_THAT([&] { dataset->image(2); }, ThrowsMessage<InputError>(AllOf(HasSubstr("train/cat/broken.jpg"),
                                                                          HasSubstr("--skip-bad-images"))));
}

TEST_F(Folder, NamesFilesOfKindsThatItDoesNotRead) {
  write_text("train/dog/1.PSD", "not read");
  write_text("train/dog/2.psd", "not read");
  write_text("train/cat/3.pcx", "not read");
  write("train/cat/4.dds", files_.at("rgb.png"));  // whatever its name says
  write("train/cat/5.dng", files_.at("rgb.png"));  // begins as TIFF does, with a thumbnail
  const std::string what =
      "train/cat/3.pcx and 3 more: are of kinds that are not read (1 .dng in cat, 1 .pcx in cat, 2 .psd in "
      "dog)";
  DatasetOptions options;

  EXPECT_THAT([&] { open(Split::kTrain, options); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr(what), HasSubstr("convert them"), HasSubstr("--skip-bad-images"))));

  options.skip_bad_images = true;
  support::set_up_logging("warning", 0, 1, "host");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(open(Split::kTrain, options)->size(), 5);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr(what));
}

TEST_F(Folder, LosesNoClassWhoseFilesItDoesNotRead) {
  write_text("train/emu/1.jxl", "not read");
  DatasetOptions options;
  for (const bool skip : {false, true}) {
    options.skip_bad_images = skip;
    EXPECT_THAT([&] { open(Split::kTrain, options); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("train/emu/1.jxl: is of a kind that is not read"),
                                                HasSubstr("the class emu has no other image"))));
  }
}

TEST_F(Folder, LeavesBrokenImagesOutWhenAsked) {
  write("train/cat/broken.jpg", Bytes(files_.at("420.jpg").begin(), files_.at("420.jpg").begin() + 300));
  write("train/cat/animation.gif", Bytes{'G', 'I', 'F', '8', '9', 'a'});
  DatasetOptions options;
  options.skip_bad_images = true;

  const auto dataset = open(Split::kTrain, options);

  EXPECT_EQ(dataset->digest(), [&] {
    std::filesystem::remove(folder_ / "train/cat/broken.jpg");
    std::filesystem::remove(folder_ / "train/cat/animation.gif");
    return open(Split::kTrain)->digest();
  }());
  EXPECT_EQ(dataset->size(), 4);
}

TEST_F(Folder, LosesNoClassWhoseImagesAreAllBroken) {
  write("train/cat/a.webp", Bytes{'R', 'I', 'F', 'F'});
  DatasetOptions options;
  options.skip_bad_images = true;
  EXPECT_THAT([&] { open(Split::kTrain, options); },
              ThrowsMessage<InputError>(HasSubstr("the class cat has no image that can be read")));
  options.limit = 2;  // which may leave classes out anyhow
  EXPECT_EQ(open(Split::kTrain, options)->size(), 2);
}

TEST_F(Folder, FillsTheLimitWithGoodImages) {
  for (int i = 0; i < 30; ++i) write("train/cat/bad" + std::to_string(i) + ".jpg", Bytes{0xff, 0xd8, 0xff});
  DatasetOptions options;
  options.skip_bad_images = true;
  options.limit = 3;

  const auto dataset = open(Split::kTrain, options);

  EXPECT_EQ(dataset->size(), 3);
  for (std::int64_t i = 0; i < 3; ++i) EXPECT_NO_THROW(dataset->image(i));
}

TEST_F(Folder, SaysWhichImageIsAGitLfsPointer) {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n";
  write_text("train/dog/1.jpg", pointer);
  EXPECT_THAT([&] { open(Split::kTrain); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("train/dog/1.jpg: is a Git LFS pointer"), HasSubstr("git lfs pull"))));
  std::filesystem::rename(folder_ / "train/dog/1.jpg", folder_ / "train/dog/1.psd");
  EXPECT_THAT([&] { open(Split::kTrain); },
              ThrowsMessage<InputError>(HasSubstr("train/dog/1.psd: is a Git LFS pointer")));
}

TEST_F(Folder, RefusesOptionsThatItDoesNotHave) {
  DatasetOptions options;
  options.label_column = "fine_label";

  EXPECT_THAT([&] { open(Split::kTrain, options); }, ThrowsMessage<UsageError>(HasSubstr("--label-column")));
}

TEST_F(Folder, NamesALinkToNothing) {
  std::filesystem::create_symlink("nowhere.png", folder_ / "train/cat/link.png");
  DatasetOptions options;

  EXPECT_THAT([&] { open(Split::kTrain, options); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("train/cat/link.png: is a link to a file that does"),
                                              HasSubstr("--skip-bad-images"))));
  options.skip_bad_images = true;
  EXPECT_EQ(open(Split::kTrain, options)->size(), 4);
}

TEST_F(Folder, RefusesAClassNameThatIsNotUtf8ButNoFileName) {
  write("train/cat/\xfc.png", files_.at("rgb.png"));
  EXPECT_EQ(open(Split::kTrain)->size(), 5);

  write("val/caf\xe9/1.png", files_.at("rgb.png"));
  EXPECT_THAT([&] { open(Split::kTrain); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("caf\xe9"), HasSubstr("is not UTF-8"))));
}

}  // namespace
}  // namespace zoetrope::data
