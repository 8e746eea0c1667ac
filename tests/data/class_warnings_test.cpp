// SPDX-License-Identifier: Apache-2.0
// Classes that one split alone has are named, whichever kind of data set and whichever split it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/log.hpp"

#include "scratch.hpp"

namespace zoetrope::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LoneClasses : public ScratchTest {
 protected:
  // What opening a split says on standard error.
  std::string said(const std::string& scheme, Split split, std::int64_t limit = 0) const {
    support::set_up_logging("warning", 0, 1, "host");
    ::testing::internal::CaptureStderr();
    open_dataset(scheme + ":" + folder_.string(), split, {.limit = limit});
    return ::testing::internal::GetCapturedStderr();
  }

  void write_idx(const std::string& stem, const Bytes& labels) const {
    const auto count = static_cast<std::uint8_t>(labels.size());
    Bytes images{0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 1};
    images.resize(images.size() + labels.size());
    write(stem + "-images-idx3-ubyte", images);
    Bytes file{0, 0, 8, 1, 0, 0, 0, count};
    file.insert(file.end(), labels.begin(), labels.end());
    write(stem + "-labels-idx1-ubyte", file);
  }

  void write_cifar(const std::string& name, const Bytes& labels) const {
    constexpr std::size_t kRecord = 1 + 3 * 32 * 32;
    Bytes file(labels.size() * kRecord);
    for (std::size_t i = 0; i < labels.size(); ++i) file[i * kRecord] = labels[i];
    write(name, file);
  }
};

TEST_F(LoneClasses, AreNamedOfIdx) {
  write_idx("train", {7, 0, 9, 7});
  write_idx("t10k", {7, 1});
  EXPECT_THAT(said("idx", Split::kTest),
              AllOf(HasSubstr("not every class has images in both splits: 1 in test alone"),
                    HasSubstr("0 and 9 in train alone")));
}

TEST_F(LoneClasses, AreNamedOfCifarAndNotForALimit) {
  write_text("batches.meta.txt", "airplane\nbird\ncat\n");
  for (int i = 1; i <= 5; ++i) write_cifar("data_batch_" + std::to_string(i) + ".bin", {0, 1});
  write_cifar("test_batch.bin", {0, 1});
  EXPECT_THAT(said("cifar10", Split::kTrain, 1), Not(HasSubstr("not every class")));

  write_cifar("test_batch.bin", {0, 1, 2});
  EXPECT_THAT(said("cifar10", Split::kTrain, 1), HasSubstr("cat in test alone"));
}

TEST_F(LoneClasses, AreNotLookedForWhereTheOtherSplitIsMissing) {
  write_idx("t10k", {7, 1});
  EXPECT_EQ(said("idx", Split::kTest), "");
}

}  // namespace
}  // namespace zoetrope::data
