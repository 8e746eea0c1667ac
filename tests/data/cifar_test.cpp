// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/error.hpp"

#include "scratch.hpp"

namespace zoetrope::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::size_t kPlane = 32 * 32;

// One record: red 10, green 20, blue 30 everywhere, but the last pixel blue 31.
Bytes record(std::uint8_t label) {
  Bytes bytes{label};
  bytes.insert(bytes.end(), kPlane, 10);
  bytes.insert(bytes.end(), kPlane, 20);
  bytes.insert(bytes.end(), kPlane, 30);
  bytes.back() = 31;
  return bytes;
}

Bytes records(std::initializer_list<std::uint8_t> labels) {
  Bytes bytes;
  for (const std::uint8_t label : labels) {
    const Bytes one = record(label);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

class Cifar10 : public ScratchTest {
 protected:
  Cifar10() {
    write_text("batches.meta.txt",
               "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
    for (int i = 1; i <= 5; ++i)
      write("data_batch_" + std::to_string(i) + ".bin", records({static_cast<std::uint8_t>(i), 0}));
    write("test_batch.bin", records({9, 8, 7}));
  }

  std::unique_ptr<Dataset> open(Split split, std::int64_t limit = 0) const {
    return open_dataset("cifar10:" + folder_.string(), split, {.limit = limit});
  }
};

TEST_F(Cifar10, InterleavesTheColourPlanes) {
  const auto dataset = open(Split::kTest);

  const Image image = dataset->image(0);

  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels.size(), 3 * kPlane);
  EXPECT_THAT(Bytes(image.pixels.begin(), image.pixels.begin() + 3), ElementsAre(10, 20, 30));
  EXPECT_THAT(Bytes(image.pixels.end() - 3, image.pixels.end()), ElementsAre(10, 20, 31));
}

TEST_F(Cifar10, ReadsTheTrainingFilesInOrder) {
  const auto dataset = open(Split::kTrain);

  ASSERT_EQ(dataset->size(), 10);
  EXPECT_EQ(dataset->label(2), 2);
  EXPECT_EQ(dataset->label(8), 5);
  EXPECT_EQ(dataset->class_names()[5], "dog");
}

TEST_F(Cifar10, KeepsTheFirstImagesUpToTheLimit) {
  EXPECT_EQ(open(Split::kTrain, 3)->size(), 3);
  EXPECT_EQ(open(Split::kTrain, 3)->label(2), 2);
  EXPECT_NE(open(Split::kTrain, 3)->digest(), open(Split::kTrain, 4)->digest());
}

TEST_F(Cifar10, SaysWhereATruncatedFileEnds) {
  Bytes bytes = records({9, 8});
  bytes.pop_back();
  write("test_batch.bin", bytes);

  EXPECT_THAT([this] { open(Split::kTest); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("test_batch.bin"), HasSubstr("byte 3073"), HasSubstr("within a record"))));
}

TEST_F(Cifar10, NamesTheLabelOutsideTheClassesEvenBeyondTheLimit) {
  write("data_batch_5.bin", records({1, 10}));

  EXPECT_THAT([this] { open(Split::kTrain, 1); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr("data_batch_5.bin"), HasSubstr("byte 3073"), HasSubstr("label 10"))));
}

TEST_F(Cifar10, RefusesNamesThatAreNotUtf8) {
  write_text("batches.meta.txt", "airplane\nautom\xf3vil\n");

  EXPECT_THAT(
      [&] { open(Split::kTest); },
      ThrowsMessage<InputError>(AllOf(HasSubstr("batches.meta.txt: line 2"), HasSubstr("is not UTF-8"))));
}

TEST_F(Cifar10, SaysWhatIsMissing) {
  std::filesystem::remove(folder_ / "data_batch_4.bin");
  EXPECT_THAT([this] { open(Split::kTrain); }, ThrowsMessage<InputError>(HasSubstr("data_batch_4.bin")));

  std::filesystem::remove(folder_ / "batches.meta.txt");
  EXPECT_THAT([this] { open(Split::kTest); }, ThrowsMessage<InputError>(HasSubstr("batches.meta.txt")));
}

class Cifar100 : public ScratchTest {
 protected:
  Cifar100() {
    write_text("coarse_label_names.txt", "fruit\nfish\n");
    write_text("fine_label_names.txt", "apple\npear\nshark\nray\n");
    Bytes two = record(1);  // a pear
    two.insert(two.begin(), 0);
    Bytes shark = record(2);
    shark.insert(shark.begin(), 1);
    two.insert(two.end(), shark.begin(), shark.end());
    write("test.bin", two);
  }

  std::unique_ptr<Dataset> open(const std::string& label_column) const {
    DatasetOptions options;
    options.label_column = label_column;
    return open_dataset("cifar100:" + folder_.string(), Split::kTest, options);
  }
};

TEST_F(Cifar100, ReadsFineLabelsUnlessToldOtherwise) {
  EXPECT_EQ(open("")->class_names()[static_cast<std::size_t>(open("")->label(1))], "shark");
  EXPECT_EQ(open("coarse_label")->class_names()[static_cast<std::size_t>(open("coarse_label")->label(1))],
            "fish");
  EXPECT_EQ(open("")->image(1).pixels[0], 10);
  EXPECT_NE(open("")->digest(), open("coarse_label")->digest());
  EXPECT_THAT([&] { open("colour"); }, ThrowsMessage<UsageError>(HasSubstr("coarse_label")));
}

}  // namespace
}  // namespace zoetrope::data
