// SPDX-License-Identifier: Apache-2.0
// What decodes the page's images beside other work: what it gives, and how it ends.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/error.hpp"

#include "page_content.hpp"

namespace zoetrope::pipeline {
namespace {

// Grey images of 2 x 2 pixels, each of them the image's number.
class Numbers final : public data::Dataset {
 public:
  explicit Numbers(std::int64_t size, int first = 0) : size_(size), first_(first) {}
  std::int64_t size() const override { return size_; }
  std::int64_t label(std::int64_t) const override { return 0; }
  const std::vector<std::string>& class_names() const override { return names_; }
  const std::string& digest() const override { return digest_; }
  data::Image image(std::int64_t i) const override {
    ++decoded;
    if (i == damaged) throw InputError("image 3: is damaged");
    return {2, 2, 1, std::vector<std::uint8_t>(4, static_cast<std::uint8_t>(first_ + i))};
  }

  mutable std::atomic<int> decoded = 0;
  std::int64_t damaged = -1;

 private:
  std::int64_t size_;
  int first_;
  std::vector<std::string> names_ = {"one"};
  std::string digest_ = "numbers";
};

TEST(PageImages, AreTheTestImagesAndTrainingImagesBehindThem) {
  const Numbers tests(2), training(1, 9);
  PageImages images(tests, &training);

  const review::Images all = images.take();

  EXPECT_EQ(all.height, 2);
  EXPECT_EQ(all.width, 2);
  EXPECT_EQ(all.channels, 1);
  EXPECT_EQ(all.pixels, (std::vector<std::uint8_t>{0, 0, 0, 0, 1, 1, 1, 1, 9, 9, 9, 9}));
}

TEST(PageImages, SaysWhatIsDamagedToWhoTakesThem) {
  Numbers tests(5);
  tests.damaged = 3;
  PageImages images(tests, nullptr);
  EXPECT_THAT([&] { images.take(); }, ::testing::ThrowsMessage<InputError>("image 3: is damaged"));
}

// More than anybody could wait for.
TEST(PageImages, GivesUpWhatNobodyTakes) {
  const Numbers tests(std::int64_t{1} << 40);
  const PageImages images(tests, nullptr);
  while (tests.decoded < 2) std::this_thread::yield();
}

}  // namespace
}  // namespace zoetrope::pipeline
