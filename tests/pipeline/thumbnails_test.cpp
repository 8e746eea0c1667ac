// SPDX-License-Identifier: Apache-2.0
#include "thumbnails.hpp"

#include <gtest/gtest.h>

#include "zoetrope/image/shrink.hpp"

namespace zoetrope::pipeline {
namespace {

// Image i: (i + 1) times 40 x 80 pixels, each of which is its column modulo 100.
class Columns final : public data::Dataset {
 public:
  std::int64_t size() const override { return 10; }
  std::int64_t label(std::int64_t) const override { return 0; }
  const std::vector<std::string>& class_names() const override { return names_; }
  const std::string& digest() const override { return digest_; }
  data::Image image(std::int64_t i) const override {
    ++decoded;
    const int times = static_cast<int>(i) + 1;
    data::Image image{40 * times, 80 * times, 1, {}};
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x) image.pixels.push_back(static_cast<std::uint8_t>(x % 100));
    return image;
  }

  mutable int decoded = 0;

 private:
  std::vector<std::string> names_ = {"one"};
  std::string digest_ = "columns";
};

TEST(Shrink, TakesMeansAndDropsWhatIsLeftOver) {
  const data::Image image{3, 5, 1, {0, 2, 10, 12, 99, 4, 6, 14, 17, 99, 99, 99, 99, 99, 99}};

  const data::Image small = image::shrink(image, 2);

  EXPECT_EQ(small.height, 1);
  EXPECT_EQ(small.width, 2);
  EXPECT_EQ(small.pixels, (std::vector<std::uint8_t>{3, 13}));
}

TEST(Thumbnails, AreDecodedOnceAndNotMuchLargerThanTheyAreDrawn) {
  const Columns dataset;
  Thumbnails thumbnails(dataset, 80);

  EXPECT_EQ(thumbnails.of(0)->width, 80);
  EXPECT_EQ(thumbnails.of(1)->width, 80);
  EXPECT_EQ(thumbnails.of(6)->width, 80);
  EXPECT_EQ(thumbnails.of(6), thumbnails.of(6));
  EXPECT_EQ(dataset.decoded, 3);
}

}  // namespace
}  // namespace zoetrope::pipeline
