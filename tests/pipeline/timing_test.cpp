// SPDX-License-Identifier: Apache-2.0
#include "timing.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace zoetrope::pipeline {
namespace {

RenderOptions with(std::optional<double> fps, std::optional<std::int64_t> tween,
                   std::optional<double> duration = std::nullopt,
                   render::Layout layout = render::Layout::kWide) {
  RenderOptions options;
  options.layout = layout;
  options.fps = fps;
  options.tween = tween;
  options.duration = duration;
  return options;
}

double length_s(const Timing& timing, std::size_t num_checkpoints) {
  const auto frames = static_cast<double>(render::num_animation_frames(num_checkpoints, timing.tween));
  return (frames - 1) / timing.fps + std::max(timing.hold_last_s, 1 / timing.fps);
}

TEST(Timing, FlowsForEightSecondsOrMore) {
  const Timing demo = timing_of({}, 35);

  EXPECT_EQ(demo.fps, 20);
  EXPECT_EQ(demo.tween.tween, 4);
  EXPECT_NEAR(length_s(demo, 35), 10.5, 1e-9);
  EXPECT_EQ(timing_of({}, 2).tween.tween, 9);     // half a second
  EXPECT_EQ(timing_of({}, 1000).tween.tween, 1);  // there is always something in between
  EXPECT_EQ(timing_of({}, 1).tween.tween, 0);
}

TEST(Timing, TheArticleHasNoInBetweens) {
  const Timing article = timing_of(with({}, {}, {}, render::Layout::kArticle), 35);

  EXPECT_EQ(article.fps, 10);
  EXPECT_EQ(article.tween.tween, 0);
  EXPECT_EQ(article.tween.trail, 0);
}

TEST(Timing, WhatIsAskedForCounts) {
  const Timing timing = timing_of(with(30, 7), 35);

  EXPECT_EQ(timing.fps, 30);
  EXPECT_EQ(timing.tween.tween, 7);
  EXPECT_EQ(timing.tween.frames, 0u);
}

TEST(Timing, ADurationCountsWhateverTheRest) {
  for (const render::Layout layout : {render::Layout::kWide, render::Layout::kArticle})
    for (const double duration : {0.1, 1.0, 7.3, 10.0, 600.0})
      for (const double fps : {0.1, 1.0, 10.0, 29.97, 50.0})
        for (const std::optional<std::int64_t> tween : {std::optional<std::int64_t>(), {0}, {3}, {1000}})
          for (const std::size_t checkpoints : {1, 2, 35, 5000}) {
            const Timing timing = timing_of(with(fps, tween, duration, layout), checkpoints);

            EXPECT_NEAR(length_s(timing, checkpoints), duration, 1e-9);
            EXPECT_GE(timing.fps, fps);
            EXPECT_GE(timing.tween.frames, std::min<std::size_t>(checkpoints, 2));
          }
  EXPECT_EQ(timing_of(with({}, {}, 10), 35).tween.frames, 161u);
  EXPECT_EQ(timing_of(with({}, 0, 10), 35).tween.tween, 0);
}

}  // namespace
}  // namespace zoetrope::pipeline
