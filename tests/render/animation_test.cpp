// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/animation.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "decode.hpp"
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

TEST(Gif, OneFrameIsAnAnimationToo) {
  const std::vector<Picture> frames = pictures(1, 640, 360);

  write_animation("one.gif", {}, 1, [&](std::size_t i) { return frames[i]; });

  EXPECT_EQ(decode("one.gif").frames.size(), 1u);
}

TEST(Animation, AnUnknownFormatIsAUsageError) {
  EXPECT_THROW(write_animation("a.avi", {.format = "avi"}, 1, [](std::size_t) { return Picture{}; }),
               UsageError);
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
