// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/animation.hpp"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <webp/demux.h>

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

// Thousands of pixels of any colour for one of each class.
TEST(Gif, HasExactColoursWhateverElseItShows) {
  const std::vector<std::uint32_t> exact = {0xff14204f, 0xff15204f, 0xff145656, 0xff716800, 0xfff52a9e};
  Picture picture{320, 320, {}};
  std::mt19937 random(5);
  for (int i = 0; i < 320 * 320; ++i)
    picture.pixels.push_back(i % 5000 < 5 ? exact[static_cast<std::size_t>(i % 5000)]
                                          : 0xff000000 | (random() & 0xffffff));

  for (const std::size_t count : {exact.size(), std::size_t{1000}}) {  // of more than it takes the first
    std::vector<std::uint32_t> asked = exact;
    asked.resize(count, 0x00123456);
    write_animation("exact.gif", {.exact_colours = asked}, 2, [&](std::size_t) { return picture; });

    const Decoded decoded = decode("exact.gif");
    ASSERT_EQ(decoded.frames.size(), 2u);
    for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
      if (i % 5000 >= 5) continue;
      ASSERT_EQ(decoded.frames[1].pixels[i], picture.pixels[i]) << i << " of " << count;
    }
  }
}

// More frames than a piece of the film holds, which is encoded by a thread alone.
constexpr std::size_t kSeveralPieces = 70;

TEST(Animation, IsTheSameFromAnyNumberOfThreads) {
  const std::vector<Picture> frames = pictures(7, 400, 360);
  const auto frame = [&](std::size_t i) { return frames[i % 7]; };

  for (const std::string format : {"gif", "mp4", "webp"}) {
    write_animation("one." + format, {.format = format, .threads = 1}, kSeveralPieces, frame);
    write_animation("three." + format, {.format = format, .poster = "poster.png", .threads = 3},
                    kSeveralPieces, frame);

    EXPECT_EQ(support::read_file("three." + format), support::read_file("one." + format)) << format;
    EXPECT_EQ(read_png("poster.png").pixels, frame(kSeveralPieces - 1).pixels);
  }
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

TEST(Mp4, HoldsEveryFrameOfSeveralPieces) {
  const std::vector<Picture> frames = pictures(7, 640, 360);

  write_animation("long.mp4", {.format = "mp4", .fps = 20, .hold_last_s = 2, .threads = 2}, kSeveralPieces,
                  [&](std::size_t i) { return frames[i % 7]; });

  const Decoded decoded = decode("long.mp4");
  ASSERT_EQ(decoded.frames.size(), kSeveralPieces + 39);
  for (std::size_t i = 0; i < decoded.frames.size(); ++i) {
    EXPECT_NEAR(decoded.start_s[i], static_cast<double>(i) / 20, 1e-3);
    const Picture& source = frames[std::min(i, kSeveralPieces - 1) % 7];
    EXPECT_LT(mean_error(decoded.frames[i], source), 2.5) << "frame " << i;
  }
}

TEST(Mp4, ItsIndexStandsBeforeItsFrames) {
  const std::vector<Picture> frames = pictures(3, 640, 360);

  write_animation("frames.mp4", {.format = "mp4"}, frames.size(), [&](std::size_t i) { return frames[i]; });

  const std::string bytes = support::read_file("frames.mp4");
  ASSERT_NE(bytes.find("moov"), std::string::npos);
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
}

struct DecodedWebp {
  std::vector<Picture> frames;
  std::vector<int> end_ms;
  std::uint32_t loop_count = 1;
};

// By libwebp: FFmpeg 5 does not read animations.
DecodedWebp decode_webp(const std::string& path) {
  const std::string bytes = support::read_file(path);
  const WebPData data{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_BGRA;
  const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(
      WebPAnimDecoderNew(&data, &options), WebPAnimDecoderDelete);
  DecodedWebp decoded;
  WebPAnimInfo info;
  if (!decoder || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0) return decoded;
  decoded.loop_count = info.loop_count;
  std::uint8_t* pixels = nullptr;
  for (int end = 0; WebPAnimDecoderGetNext(decoder.get(), &pixels, &end) != 0;) {
    Picture picture{static_cast<int>(info.canvas_width), static_cast<int>(info.canvas_height), {}};
    picture.pixels.resize(std::size_t{info.canvas_width} * info.canvas_height);
    std::memcpy(picture.pixels.data(), pixels, 4 * picture.pixels.size());
    decoded.frames.push_back(std::move(picture));
    decoded.end_ms.push_back(end);
  }
  return decoded;
}

TEST(Webp, HoldsEveryFrameInItsTime) {
  const std::vector<Picture> frames = pictures(7, 400, 360);

  for (const std::size_t count : {std::size_t{1}, std::size_t{4}, std::size_t{33}, kSeveralPieces}) {
    write_animation("frames.webp", {.format = "webp", .fps = 5, .hold_last_s = 3}, count,
                    [&](std::size_t i) { return frames[i % 7]; });

    const DecodedWebp decoded = decode_webp("frames.webp");
    ASSERT_EQ(decoded.frames.size(), count);
    EXPECT_LT(mean_error(decoded.frames[0], frames[0]), 3.0);
    if (count == 1) continue;           // a still picture
    EXPECT_EQ(decoded.loop_count, 0u);  // plays for ever
    for (std::size_t i = 0; i < count; ++i) {
      const int end_ms = 200 * static_cast<int>(i) + (i + 1 == count ? 3000 : 200);
      EXPECT_EQ(decoded.end_ms[i], end_ms) << "frame " << i << " of " << count;
      EXPECT_LT(mean_error(decoded.frames[i], frames[i % 7]), 3.0) << "frame " << i << " of " << count;
    }
  }
}

// Browsers take a frame of 10 ms or less for one of 100 ms.
TEST(Webp, AtItsMostFramesASecondNoneIsTooShort) {
  const std::vector<Picture> frames = pictures(7, 400, 360);

  write_animation("fast.webp", {.format = "webp", .fps = 90}, 40,
                  [&](std::size_t i) { return frames[i % 7]; });

  const DecodedWebp decoded = decode_webp("fast.webp");
  ASSERT_EQ(decoded.end_ms.size(), 40u);
  for (std::size_t i = 0; i < 40; ++i)
    EXPECT_GT(decoded.end_ms[i] - (i == 0 ? 0 : decoded.end_ms[i - 1]), 10) << "frame " << i;
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
  EXPECT_THROW(check_animation_options({.format = "webp", .fps = 91}), UsageError);
  EXPECT_THROW(check_animation_options({.fps = 0}), UsageError);
  EXPECT_THROW(check_animation_options({.fps = std::nan("")}), UsageError);
  EXPECT_THROW(check_animation_options({.hold_last_s = -1}), UsageError);
  EXPECT_NO_THROW(check_animation_options({.format = "mp4", .fps = 100}));
  EXPECT_NO_THROW(check_animation_options({.format = "webp", .fps = 90}));
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
