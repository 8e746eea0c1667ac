// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <gtest/gtest.h>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/error.hpp"

#include "read_png.hpp"

namespace zoetrope::render {
namespace {

Picture noise(int width, int height) {
  std::mt19937 random(1);
  Picture picture{width, height, {}};
  for (int i = 0; i < width * height; ++i)
    picture.pixels.push_back(static_cast<std::uint32_t>(random()) | 0xff000000);
  return picture;
}

TEST(Png, ReadsBackWhatWasWritten) {
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 13}, {640, 360}}) {
    const Picture picture = noise(width, height);

    write_png("picture.png", picture);
    const Picture read = read_png("picture.png");

    EXPECT_EQ(read.width, width);
    EXPECT_EQ(read.height, height);
    EXPECT_EQ(read.pixels, picture.pixels);
  }
}

TEST(Png, AFolderThatCannotBeWrittenIsARunError) {
  EXPECT_THROW(write_png("no/such/folder/picture.png", noise(2, 2)), RunError);
}

}  // namespace
}  // namespace zoetrope::render
