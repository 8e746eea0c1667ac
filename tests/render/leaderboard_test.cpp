// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/render/tween.hpp"

#include "palette.hpp"
#include "synthetic.hpp"

namespace zoetrope::render {
namespace {

// Without a curve of the loss: what has its colour is a mark.
synthetic::Run run_of(int width, int height) {
  auto run = synthetic::make_run({.num_points = 100, .num_frames = 3, .width = width, .height = height});
  run.scene.loss.clear();
  run.scene.farthest = 20;
  return run;
}

// Pixels that are nearly as red as a mark, whose lines may be thinner than one.
std::ptrdiff_t marked(const synthetic::Run& run, const Frame& frame) {
  const Colour red = theme_colours(Theme::kLight).loss;
  const auto is_near = [&](std::uint32_t pixel) {
    const Colour colour = from_hex(pixel);
    return std::abs(colour.r - red.r) + std::abs(colour.g - red.g) + std::abs(colour.b - red.b) < 60;
  };
  return std::ranges::count_if(FrameRenderer(run.scene).draw(frame).pixels, is_near);
}

TEST(Leaderboard, MarksWhereTheModelIsWrong) {
  for (const auto& [width, height] : {std::pair{1920, 1080}, {832, 468}, {1080, 1080}, {640, 1136}}) {
    auto run = run_of(width, height);
    Frame& frame = run.frames[1];
    const std::ptrdiff_t others = marked(run, frame);  // a class has a like colour

    for (OutlierEntry& entry : frame.outliers) entry.prediction = entry.label;
    EXPECT_EQ(marked(run, frame), others);

    frame.outliers[0].prediction = (frame.outliers[0].label + 1) % 10;
    EXPECT_GT(marked(run, frame), others) << width << "x" << height;
  }
}

TEST(Leaderboard, SaysWhatTheModelTakesAnImageFor) {
  auto run = run_of(1920, 1080);
  OutlierEntry& entry = run.frames[1].outliers[0];
  entry.label = 0;
  const auto with_prediction = [&](std::int64_t prediction) {
    entry.prediction = prediction;
    return FrameRenderer(run.scene).draw(run.frames[1]).pixels;
  };

  EXPECT_NE(with_prediction(0), with_prediction(-1));
  EXPECT_NE(with_prediction(1), with_prediction(0));
  EXPECT_NE(with_prediction(2), with_prediction(1));
  EXPECT_NO_THROW(with_prediction(99));
}

TEST(Leaderboard, NamesAreReadAlsoInASmallPicture) {
  for (const auto& [width, height] : {std::pair{360, 360}, {400, 430}, {640, 360}}) {
    auto run = run_of(width, height);
    Frame& frame = run.frames[1];
    const std::vector<double> nowhere(frame.points.size(), std::nan(""));
    frame.points = nowhere;  // neither is a class named there
    for (OutlierEntry& entry : frame.outliers) entry.label = 9, entry.prediction = -1;
    const auto named = [&](const char* name) {
      run.scene.class_names[9] = name;  // for which a small legend has no room
      const auto pixels = FrameRenderer(run.scene).draw(frame).pixels;
      const auto right = static_cast<std::size_t>(width) * 2 / 3;
      std::vector<std::uint32_t> list;
      for (std::size_t i = 0; i < pixels.size() * 2 / 3; ++i)
        if (i % static_cast<std::size_t>(width) > right) list.push_back(pixels[i]);
      return list;
    };

    EXPECT_NE(named("Ankle boot"), named("Ankle bool")) << width << "x" << height;
  }
}

TEST(Leaderboard, BetweenTwoCheckpointsAPredictionChangesInTheMiddle) {
  auto run = run_of(640, 360);
  run.frames[2].outliers = run.frames[1].outliers;
  for (OutlierEntry& entry : run.frames[1].outliers) entry.prediction = 3;
  for (OutlierEntry& entry : run.frames[2].outliers) entry.prediction = 4;

  for (const auto& [i, prediction] : {std::pair{11, 3}, {12, 4}, {13, 4}}) {
    const Frame frame = animation_frame(run.frames, {.tween = 7}, static_cast<std::size_t>(i));
    for (const OutlierEntry& entry : frame.outliers) EXPECT_EQ(entry.prediction, prediction) << i;
  }
}

TEST(Leaderboard, ABarShowsHowFarAwayAnImageIs) {
  auto run = run_of(1920, 1080);
  Frame& frame = run.frames[1];
  for (OutlierEntry& entry : frame.outliers) entry.score = std::exp(-10);
  frame.far = 3;
  const auto drawn = [&] { return FrameRenderer(run.scene).draw(frame).pixels; };
  const auto as_it_is = drawn();

  frame.far = 5;
  EXPECT_NE(drawn(), as_it_is);
  frame.far = 3;
  run.scene.farthest = 40;
  EXPECT_NE(drawn(), as_it_is);
}

// Among fewer than 100 images 99 of 100 are all of them: then the mark lies beyond most of the rows.
TEST(Leaderboard, ABarEndsWhereItsImageIs) {
  auto run = run_of(1920, 1080);
  Frame& frame = run.frames[1];
  for (OutlierEntry& entry : frame.outliers) entry.score = std::exp(-4);
  const auto up_to = [&](double far) {
    frame.far = far;
    return FrameRenderer(run.scene).draw(frame).pixels;
  };

  EXPECT_EQ(up_to(12), up_to(4));
  EXPECT_NE(up_to(3), up_to(4));
}

TEST(Leaderboard, ADistanceIsCountedInMedians) {
  EXPECT_NEAR(medians_away(std::exp(-17.4)), 17.4, 1e-9);
  EXPECT_EQ(medians_away(1), 0);
  EXPECT_LT(medians_away(0), 1000);  // a score that has become 0
  EXPECT_EQ(medians_away(1.5), 0);
}

}  // namespace
}  // namespace zoetrope::render
