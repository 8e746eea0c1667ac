// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

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

TEST(Png, EveryTruncationIsAnInputErrorThatNamesTheFile) {
  write_png("whole.png", noise(40, 40));
  const std::string bytes = support::read_file("whole.png");
  // All but the end marker, which holds nothing.
  for (std::size_t size = 0; size + 12 < bytes.size(); size += 61) {
    support::write_file("cut.png", bytes.substr(0, size));

    try {
      read_png("cut.png");
      ADD_FAILURE() << "read " << size << " of " << bytes.size() << " bytes";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("cut.png"));
    }
  }
}

TEST(Png, AFlippedByteIsFound) {
  write_png("whole.png", noise(40, 40));
  const std::string bytes = support::read_file("whole.png");
  for (std::size_t at = 40; at + 12 < bytes.size(); at += 97) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    support::write_file("damaged.png", damaged);

    EXPECT_THROW(read_png("damaged.png"), InputError) << at;
  }
}

TEST(Png, AHugeSizeInTheHeaderIsNotAllocated) {
  write_png("huge.png", noise(4, 4));
  std::string bytes = support::read_file("huge.png");
  // Width and height of IHDR, with the checksum of the changed chunk.
  bytes.replace(16, 8, std::string("\x7f\xff\xff\xff\x7f\xff\xff\xff", 8));
  support::write_file("huge.png", bytes);

  EXPECT_THROW(read_png("huge.png"), InputError);
}

TEST(Png, MissingAndForeignFilesAreInputErrors) {
  support::write_file("foreign.png", "GIF89a, not a PNG at all");

  EXPECT_THROW(read_png("absent.png"), InputError);
  EXPECT_THROW(read_png("foreign.png"), InputError);
}

TEST(Png, AFolderThatCannotBeWrittenIsARunError) {
  EXPECT_THROW(write_png("no/such/folder/picture.png", noise(2, 2)), RunError);
}

}  // namespace
}  // namespace zoetrope::render
