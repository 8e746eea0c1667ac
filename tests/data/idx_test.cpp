// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/error.hpp"

#include "scratch.hpp"
#include "support/peak_memory.hpp"

namespace zoetrope::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr const char* kImages = "train-images-idx3-ubyte";
constexpr const char* kLabels = "train-labels-idx1-ubyte";

// Three images of 2 x 3 pixels: 0..5, 6..11, 12..17.
Bytes image_file() {
  Bytes bytes{0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 3};
  for (std::uint8_t i = 0; i < 18; ++i) bytes.push_back(i);
  return bytes;
}

Bytes label_file() {
  return {0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9};
}

class Idx : public ScratchTest {
 protected:
  std::unique_ptr<Dataset> open(std::int64_t limit = 0) const {
    return open_dataset("idx:" + folder_.string(), Split::kTrain, {.limit = limit});
  }

  void expect_error(const char* file, const std::string& place, const std::string& what) const {
    EXPECT_THAT([this] { open(); },
                ThrowsMessage<InputError>(AllOf(HasSubstr(file), HasSubstr(place), HasSubstr(what))));
  }
};

TEST_F(Idx, ReadsImagesAndLabels) {
  write(kImages, image_file());
  write(kLabels, label_file());

  const auto dataset = open();

  ASSERT_EQ(dataset->size(), 3);
  EXPECT_EQ(dataset->image(1).height, 2);
  EXPECT_EQ(dataset->image(1).width, 3);
  EXPECT_EQ(dataset->image(1).channels, 1);
  EXPECT_THAT(dataset->image(1).pixels, ElementsAre(6, 7, 8, 9, 10, 11));
  EXPECT_EQ(dataset->label(2), 9);
  EXPECT_THAT(dataset->class_names(), ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
  EXPECT_THROW(dataset->image(3), std::out_of_range);
}

TEST_F(Idx, ReadsGzipTheSame) {
  write(kImages, image_file());
  write(kLabels, label_file());
  const std::string plain_digest = open()->digest();
  std::filesystem::remove(folder_ / kImages);
  std::filesystem::remove(folder_ / kLabels);
  write_gzip(std::string(kImages) + ".gz", image_file());
  write_gzip(std::string(kLabels) + ".gz", label_file());

  const auto dataset = open();

  EXPECT_THAT(dataset->image(2).pixels, ElementsAre(12, 13, 14, 15, 16, 17));
  EXPECT_EQ(dataset->digest(), plain_digest);
}

TEST_F(Idx, KeepsTheFirstImagesUpToTheLimit) {
  write(kImages, image_file());
  write(kLabels, label_file());

  EXPECT_EQ(open(2)->size(), 2);
  EXPECT_EQ(open(2)->image(1).pixels[0], 6);
  EXPECT_EQ(open(100)->size(), 3);
  EXPECT_NE(open(2)->digest(), open(3)->digest());
  EXPECT_EQ(open(100)->digest(), open()->digest());
}

TEST_F(Idx, DigestFollowsPixelsLabelsAndNames) {
  write(kImages, image_file());
  write(kLabels, label_file());
  std::set<std::string> digests{open()->digest()};

  Bytes images = image_file();
  images.back() ^= 1;
  write(kImages, images);
  digests.insert(open()->digest());
  Bytes labels = label_file();
  labels.back() = 8;
  write(kLabels, labels);
  digests.insert(open()->digest());
  write_text("class_names.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\n");
  digests.insert(open()->digest());

  EXPECT_EQ(digests.size(), 4u);
}

TEST_F(Idx, TakesClassNamesFromTheFolder) {
  write(kImages, image_file());
  write(kLabels, {0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 1});
  write_text("class_names.txt", "cat\r\nsea lion\n");

  EXPECT_THAT(open()->class_names(), ElementsAre("cat", "sea lion"));
}

TEST_F(Idx, NumbersNamesByTheirLinesAndPassesOverAByteOrderMark) {
  write(kImages, image_file());
  write(kLabels, {0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 1});
  write_text("class_names.txt",
             "\xef\xbb\xbf"
             "cat\r\nsea lion\r\n\r\n");
  EXPECT_THAT(open()->class_names(), ElementsAre("cat", "sea lion"));

  write_text("class_names.txt", "cat\n\nsea lion\n");
  EXPECT_THAT([&] { open(); }, ThrowsMessage<InputError>(HasSubstr("class_names.txt: line 2 is empty")));
}

TEST_F(Idx, KnowsFashionMnistByItsFoldersName) {
  std::filesystem::create_directories(folder_ / "Fashion-MNIST");
  write(std::string("Fashion-MNIST/") + kImages, image_file());
  write(std::string("Fashion-MNIST/") + kLabels, label_file());

  const auto dataset = open_dataset("idx:" + (folder_ / "Fashion-MNIST").string(), Split::kTrain, {});

  EXPECT_EQ(dataset->class_names()[9], "Ankle boot");
}

TEST_F(Idx, NamesTheLabelOutsideTheClasses) {
  write(kImages, image_file());
  write(kLabels, {0, 0, 8, 1, 0, 0, 0, 3, 7, 10, 9});
  expect_error(kLabels, "byte 9", "label 10 is outside the 10 classes");
}

TEST_F(Idx, RefusesForeignFiles) {
  write(kImages, image_file());
  write(kLabels, image_file());
  expect_error(kLabels, "byte 0", "magic number");

  write(kLabels, label_file());
  write(kImages, label_file());
  expect_error(kImages, "byte 0", "magic number");
}

TEST_F(Idx, RefusesAnEmptyFile) {
  write(kImages, image_file());
  write(kLabels, Bytes{});
  expect_error(kLabels, "", "empty");
}

TEST_F(Idx, SaysWhereATruncatedFileEnds) {
  write(kImages, image_file());
  for (const std::size_t size : {std::size_t{3}, std::size_t{7}}) {
    Bytes labels = label_file();
    labels.resize(size);
    write(kLabels, labels);
    expect_error(kLabels, "byte " + std::to_string(size), "ends here");
  }
  write(kLabels, label_file());
  Bytes images = image_file();
  images.resize(images.size() - 1);
  write(kImages, images);
  expect_error(kImages, "byte 4", "more than the file holds");
}

TEST_F(Idx, RefusesBytesAfterTheEnd) {
  write(kLabels, label_file());
  Bytes images = image_file();
  images.push_back(0);
  write(kImages, images);
  expect_error(kImages, "byte 34", "follow");
}

TEST_F(Idx, RefusesCountsThatDisagree) {
  write(kImages, image_file());
  write(kLabels, {0, 0, 8, 1, 0, 0, 0, 2, 7, 0});
  expect_error(kImages, "byte 4", "3 images, but there are 2 labels");
}

TEST_F(Idx, DoesNotBelieveAHeaderThatAnnouncesMoreThanTheFile) {
  write(kLabels, {0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff, 7});
  write(kImages, image_file());
  expect_error(kLabels, "byte 4", "4294967295 labels");

  write(kLabels, label_file());
  Bytes images = image_file();
  images[8] = images[12] = 0xff;  // 4278190082 x 4278190083 pixels
  write(kImages, images);
  expect_error(kImages, "byte 8", "not possible");
}

class IdxGzip : public Idx {
 protected:
  IdxGzip() {
    write(kLabels, label_file());
    write_gzip(kPacked, image_file());
    packed_ = read(kPacked);
  }
  void expect_packed_error(const std::string& what) {
    write(kPacked, packed_);
    expect_error(kPacked, "byte", what);
  }

  static constexpr const char* kPacked = "train-images-idx3-ubyte.gz";
  Bytes packed_;
};

TEST_F(IdxGzip, RefusesATruncatedStream) {
  packed_.resize(packed_.size() - 10);
  expect_packed_error("too early");
}

TEST_F(IdxGzip, RefusesAWrongChecksum) {
  packed_[packed_.size() - 6] ^= 0xff;
  expect_packed_error("damaged");
}

TEST_F(IdxGzip, RefusesGarbageAfterTheStream) {
  packed_.push_back('x');
  expect_packed_error("follows the end");
}

TEST_F(IdxGzip, RefusesMoreDataThanTheHeaderAnnounces) {
  Bytes images = image_file();
  images.push_back(0);
  write_gzip(kPacked, images);
  packed_ = read(kPacked);
  expect_packed_error("more bytes follow");
}

TEST_F(IdxGzip, DoesNotSetMemoryAsideForAHugeHeader) {
  Bytes images = image_file();
  images[8] = images[9] = 0;
  images[10] = images[14] = 0xff;  // 3 images of 65282 x 65283 pixels
  write_gzip(kPacked, images);
  packed_ = read(kPacked);
  expect_packed_error("more than the file holds");
}

// Much is announced and little comes: memory is set aside as it does.
TEST_F(IdxGzip, SetsMemoryAsideOnlyForWhatComes) {
  Bytes labels{0, 0, 8, 1, 0x0b, 0xeb, 0xc2, 0x00};  // 200,000,000
  std::uint32_t random = 1;
  for (int i = 0; i < 4 << 20; ++i)
    labels.push_back(static_cast<std::uint8_t>((random = random * 1664525 + 1013904223) >> 24));
  std::filesystem::remove(folder_ / kLabels);
  write_gzip(std::string(kLabels) + ".gz", labels);

  expect_error(kLabels, "byte", "the file ends here, 195805696 bytes too early");
  EXPECT_LT(support::peak_kib_of([&] { open(); }), 64 << 10);
}

TEST_F(IdxGzip, RefusesWhatShrinksAsNoImagesDo) {
  Bytes labels{0, 0, 8, 1, 0x11, 0xe1, 0xa3, 0x00};  // 300,000,000
  labels.resize(300'000'008, 0);
  std::filesystem::remove(folder_ / kLabels);
  write_gzip(std::string(kLabels) + ".gz", labels);
  labels = {};

  expect_error(kLabels, "byte 4", "more than the file can hold");
  EXPECT_LT(support::peak_kib_of([&] { open(); }), 64 << 10);
}

TEST_F(Idx, SaysWhatIsMissing) {
  EXPECT_THAT([this] { open(); },
              ThrowsMessage<InputError>(AllOf(HasSubstr(kImages), HasSubstr("dataset-fashion-mnist"))));
}

TEST(OpenDataset, RefusesUnknownSchemesAndFolders) {
  EXPECT_THAT([] { open_dataset("imagenet", Split::kTrain, {}); },
              ThrowsMessage<UsageError>(HasSubstr("idx:DIR")));
  EXPECT_THAT([] { open_dataset("idxx:/tmp", Split::kTrain, {}); },
              ThrowsMessage<UsageError>(HasSubstr("idxx:/tmp")));
  EXPECT_THAT([] { open_dataset("idx:/no/such/folder", Split::kTrain, {}); },
              ThrowsMessage<InputError>(HasSubstr("/no/such/folder")));
}

TEST(FashionMnist, OpensWithItsClassNames) {
  const auto dataset = open_dataset("idx:/usr/share/datasets/fashion-mnist", Split::kTest, {.limit = 100});

  ASSERT_EQ(dataset->size(), 100);
  EXPECT_EQ(dataset->image(0).height, 28);
  EXPECT_EQ(dataset->class_names().at(static_cast<std::size_t>(dataset->label(0))), "Ankle boot");
}

}  // namespace
}  // namespace zoetrope::data
