// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/animation.hpp"

#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "decode.hpp"
#include "read_png.hpp"
#include "synthetic.hpp"

namespace zoetrope::render {
namespace {

using testing_tools::decode;
using testing_tools::Decoded;
using testing_tools::mean_error;

std::vector<Picture> pictures(std::size_t count, int width, int height) {
  const auto run =
      synthetic::make_run({.num_points = 400, .num_frames = count, .width = width, .height = height});
  const FrameRenderer renderer(run.scene);
  std::vector<Picture> all;
  for (const Frame& frame : run.frames) all.push_back(renderer.draw(frame));
  return all;
}

Picture cropped(const Picture& picture, int width, int height) {
  Picture part{width, height, {}};
  for (int y = 0; y < height; ++y) {
    const auto row = picture.pixels.begin() + static_cast<std::ptrdiff_t>(y) * picture.width;
    part.pixels.insert(part.pixels.end(), row, row + width);
  }
  return part;
}

TEST(Gif, HoldsEveryFrameInItsTime) {
  const std::vector<Picture> frames = pictures(7, 640, 360);

  write_animation("frames.gif", {.format = "gif", .fps = 8}, frames.size(),
                  [&](std::size_t i) { return frames[i]; });

  const Decoded decoded = decode("frames.gif");
  ASSERT_EQ(decoded.frames.size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(decoded.frames[i].width, 640);
    ASSERT_EQ(decoded.frames[i].height, 360);
    EXPECT_NEAR(decoded.start_s[i], static_cast<double>(i) / 8, 0.011);
    EXPECT_LT(mean_error(decoded.frames[i], frames[i]), 1.0) << "frame " << i;
  }
}

TEST(Gif, WhatStandsStillDoesNotFlicker) {
  const std::vector<Picture> frames = pictures(5, 640, 360);

  write_animation("frames.gif", {}, frames.size(), [&](std::size_t i) { return frames[i]; });

  const Decoded decoded = decode("frames.gif");
  for (std::size_t i = 1; i < frames.size(); ++i) {
    std::size_t changed = 0;
    for (std::size_t p = 0; p < frames[i].pixels.size(); ++p) {
      const bool still = frames[i].pixels[p] == frames[i - 1].pixels[p];
      if (still && decoded.frames[i].pixels[p] != decoded.frames[i - 1].pixels[p]) ++changed;
    }
    EXPECT_EQ(changed, 0u) << "frame " << i;
  }
}

TEST(Gif, IsTheSameFromAnyNumberOfThreads) {
  const std::vector<Picture> frames = pictures(7, 640, 360);
  const auto frame = [&](std::size_t i) { return frames[i]; };

  write_animation("one.gif", {.threads = 1}, frames.size(), frame);
  write_animation("three.gif", {.poster = "poster.png", .threads = 3}, frames.size(), frame);

  EXPECT_EQ(support::read_file("three.gif"), support::read_file("one.gif"));
  EXPECT_EQ(read_png("poster.png").pixels, frames.back().pixels);
}

TEST(Gif, OneFrameIsAnAnimationToo) {
  const std::vector<Picture> frames = pictures(1, 640, 360);

  write_animation("one.gif", {}, 1, [&](std::size_t i) { return frames[i]; });

  EXPECT_EQ(decode("one.gif").frames.size(), 1u);
}

TEST(Mp4, PlaysInBrowsersAndHoldsEveryFrame) {
  const std::vector<Picture> frames = pictures(5, 641, 361);

  write_animation("frames.mp4", {.format = "mp4", .fps = 10, .hold_last_s = 1}, frames.size(),
                  [&](std::size_t i) { return frames[i]; });

  const Decoded decoded = decode("frames.mp4");
  EXPECT_EQ(decoded.codec, "h264");
  EXPECT_EQ(decoded.pixel_format, AV_PIX_FMT_YUV420P);
  // The last frame is held for a second.
  ASSERT_EQ(decoded.frames.size(), 14u);
  for (std::size_t i = 0; i < decoded.frames.size(); ++i) {
    EXPECT_EQ(decoded.frames[i].width, 642);
    EXPECT_EQ(decoded.frames[i].height, 362);
    EXPECT_NEAR(decoded.start_s[i], 0.1 * static_cast<double>(i), 1e-3);
    const Picture& source = frames[std::min<std::size_t>(i, 4)];
    EXPECT_LT(mean_error(cropped(decoded.frames[i], 641, 361), source), 2.0) << "frame " << i;
  }
}

TEST(Mp4, ItsIndexStandsBeforeItsFrames) {
  const std::vector<Picture> frames = pictures(3, 640, 360);

  write_animation("frames.mp4", {.format = "mp4"}, frames.size(), [&](std::size_t i) { return frames[i]; });

  const std::string bytes = support::read_file("frames.mp4");
  ASSERT_NE(bytes.find("moov"), std::string::npos);
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
}

// The durations of an animated WebP's frames in milliseconds: FFmpeg 5 writes the format but does not read
// it.
std::vector<int> webp_durations(const std::string& bytes) {
  std::vector<int> durations;
  for (std::size_t at = bytes.find("ANMF"); at != std::string::npos; at = bytes.find("ANMF", at + 1)) {
    const auto byte = [&](std::size_t k) {
      return static_cast<int>(static_cast<unsigned char>(bytes[at + 8 + k]));
    };
    durations.push_back(byte(12) | byte(13) << 8 | byte(14) << 16);
  }
  return durations;
}

TEST(Webp, HoldsEveryFrameInItsTime) {
  const std::vector<Picture> frames = pictures(4, 640, 360);

  write_animation("frames.webp", {.format = "webp", .fps = 5, .hold_last_s = 3}, frames.size(),
                  [&](std::size_t i) { return frames[i]; });

  const std::string bytes = support::read_file("frames.webp");
  const std::vector<int> durations = webp_durations(bytes);
  ASSERT_EQ(durations.size(), 4u);
  EXPECT_THAT(std::vector<int>(durations.begin(), durations.end() - 1), testing::Each(200));
  EXPECT_NEAR(durations.back(), 3000, 10);
  // Plays for ever: the loop count of the ANIM chunk is 0.
  const std::size_t anim = bytes.find("ANIM");
  EXPECT_EQ(bytes.substr(anim + 12, 2), std::string(2, '\0'));
}

TEST(Animation, ThePosterIsTheLastFrame) {
  const std::vector<Picture> frames = pictures(3, 640, 360);

  write_animation("a.gif", {.poster = "poster.png"}, frames.size(), [&](std::size_t i) { return frames[i]; });

  EXPECT_EQ(read_png("poster.png").pixels, frames.back().pixels);
}

TEST(Animation, NeverHoldsManyFrames) {
  const std::vector<Picture> frames = pictures(2, 640, 360);
  constexpr std::size_t kCount = 60;
  std::size_t asked = 0;
  std::size_t expected = 0;
  const auto frame = [&](std::size_t i) {
    // In order, but for the frames that the palette is made of.
    if (asked++ >= 6) {
      EXPECT_EQ(i, expected++);
    }
    return frames[i % 2];
  };

  write_animation("long.gif", {}, kCount, frame);

  EXPECT_EQ(expected, kCount);
  EXPECT_EQ(decode("long.gif").frames.size(), kCount);
}

TEST(Animation, FramesOfDifferentSizesAreARunError) {
  std::vector<Picture> frames = pictures(2, 640, 360);
  frames.push_back(pictures(1, 400, 400)[0]);

  for (const char* format : {"gif", "mp4", "webp"}) {
    EXPECT_THROW(write_animation("a", {.format = format}, 3, [&](std::size_t i) { return frames[i]; }),
                 RunError)
        << format;
  }
}

TEST(Animation, ImpossibleOptionsAreRefusedBeforeAnyWork) {
  EXPECT_THROW(check_animation_options({.format = "avi"}), UsageError);
  EXPECT_THROW(check_animation_options({.format = "gif", .fps = 60}), UsageError);
  EXPECT_THROW(check_animation_options({.fps = 0}), UsageError);
  EXPECT_THROW(check_animation_options({.fps = std::nan("")}), UsageError);
  EXPECT_THROW(check_animation_options({.hold_last_s = -1}), UsageError);
  EXPECT_NO_THROW(check_animation_options({.format = "mp4", .fps = 60}));
}

TEST(Animation, NoFramesAreARunError) {
  EXPECT_THROW(write_animation("a.gif", {}, 0, [](std::size_t) { return Picture{}; }), RunError);
}

TEST(Animation, AFailureLeavesNoFile) {
  const std::vector<Picture> frames = pictures(2, 640, 360);
  const auto failing = [&](std::size_t i) {
    if (i == 1) throw InputError("frame 1 is lost");
    return frames[i];
  };

  EXPECT_THROW(write_animation("lost.gif", {}, 2, failing), InputError);

  EXPECT_FALSE(std::filesystem::exists("lost.gif"));
}

}  // namespace
}  // namespace zoetrope::render
