// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/tween.hpp"

#include <cmath>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "synthetic.hpp"

namespace zoetrope::render {
namespace {

// Checkpoints of one point that moves along x.
struct Walk {
  explicit Walk(std::vector<double> xs) {
    for (const double x : xs) positions.push_back({x, 0});
    for (std::size_t t = 0; t < xs.size(); ++t) {
      Frame frame;
      frame.step = 10 * static_cast<std::int64_t>(t);
      frame.epoch = static_cast<double>(t);
      frame.points = positions[t];
      frames.push_back(frame);
    }
  }
  double x(const TweenOptions& options, std::size_t i) const {
    return animation_frame(frames, options, i).points[0];
  }

  std::vector<std::vector<double>> positions;
  std::vector<Frame> frames;
};

TEST(Tween, CountsTheFramesBetweenCheckpoints) {
  EXPECT_EQ(num_animation_frames(0, {.tween = 3}), 0u);
  EXPECT_EQ(num_animation_frames(1, {.tween = 3}), 1u);
  EXPECT_EQ(num_animation_frames(5, {.tween = 0}), 5u);
  EXPECT_EQ(num_animation_frames(5, {.tween = 3}), 17u);
  EXPECT_THROW(num_animation_frames(5, {.tween = -1}), UsageError);
}

TEST(Tween, PassesThroughEveryCheckpoint) {
  const auto run = synthetic::make_run({.num_points = 31, .num_frames = 5});
  const TweenOptions options{.tween = 4};

  for (std::size_t t = 0; t < 5; ++t) {
    const Frame frame = animation_frame(run.frames, options, 5 * t);

    EXPECT_EQ(frame.step, run.frames[t].step);
    EXPECT_TRUE(
        std::equal(frame.points.begin(), frame.points.end(), run.points[t].begin(), run.points[t].end()));
  }
}

TEST(Tween, SpreadsAsManyFramesAsAreAskedFor) {
  const Walk walk({0, 1, 2, 3, 4});
  const auto shown = [&](const TweenOptions& options) {
    std::vector<double> xs;
    for (std::size_t i = 0; i < num_animation_frames(5, options); ++i) xs.push_back(walk.x(options, i));
    return xs;
  };

  // As often each, more places than frames, and one of them.
  EXPECT_EQ(shown({.tween = 0, .frames = 10}), (std::vector<double>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(shown({.tween = 0, .frames = 3}), (std::vector<double>{0, 2, 4}));
  EXPECT_EQ(shown({.tween = 0, .frames = 1}), (std::vector<double>{4}));
  const std::vector<double> fine = shown({.tween = 1000, .frames = 101});
  ASSERT_EQ(fine.size(), 101u);
  for (std::size_t i = 0; i < fine.size(); ++i)
    EXPECT_NEAR(animation_frame(walk.frames, {.tween = 1000, .frames = 101}, i).epoch,
                0.04 * static_cast<double>(i), 1e-3);
  EXPECT_EQ(fine.back(), 4);
}

TEST(Tween, StaysBetweenNeighbouringCheckpoints) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> anywhere(-5, 5);
  std::vector<double> xs(40);
  for (double& x : xs) x = anywhere(random);
  const Walk walk(xs);
  const TweenOptions options{.tween = 9};

  for (std::size_t i = 0; i < num_animation_frames(xs.size(), options); ++i) {
    const std::size_t at = std::min(i / 10, xs.size() - 2);
    EXPECT_GE(walk.x(options, i), std::min(xs[at], xs[at + 1]) - 1e-12);
    EXPECT_LE(walk.x(options, i), std::max(xs[at], xs[at + 1]) + 1e-12);
  }
}

TEST(Tween, SpeedDoesNotJump) {
  const Walk walk({0, 1, 2.5, 2.7, 1.0, 1.0, 4.0});
  const TweenOptions options{.tween = 199};
  double previous_speed = 0;  // the animation starts at rest

  for (std::size_t i = 1; i < num_animation_frames(7, options); ++i) {
    const double speed = 200 * (walk.x(options, i) - walk.x(options, i - 1));
    EXPECT_NEAR(speed, previous_speed, 0.15) << i;
    previous_speed = speed;
  }
  EXPECT_NEAR(previous_speed, 0, 0.15);
}

TEST(Tween, SteadyMotionStaysSteady) {
  const Walk walk({0, 1, 2, 3});
  const TweenOptions options{.tween = 3};

  EXPECT_DOUBLE_EQ(walk.x(options, 5), 1.25);
  EXPECT_DOUBLE_EQ(walk.x(options, 6), 1.5);
  EXPECT_DOUBLE_EQ(walk.x(options, 7), 1.75);
}

TEST(Tween, NumbersGoLinearly) {
  const Walk walk({0, 1});

  const Frame frame = animation_frame(walk.frames, {.tween = 3}, 1);

  EXPECT_EQ(frame.step, 3);  // 2.5, rounded
  EXPECT_DOUBLE_EQ(frame.epoch, 0.25);
}

std::vector<OutlierEntry> entries(std::initializer_list<std::int64_t> indices) {
  std::vector<OutlierEntry> list;
  for (const std::int64_t index : indices) {
    OutlierEntry entry;
    entry.index = index;
    list.push_back(entry);
  }
  return list;
}

TEST(Tween, RowsSlideFadeInAndFadeOut) {
  Walk walk({0, 1});
  walk.frames[0].outliers = entries({7, 8, 9});
  walk.frames[1].outliers = entries({9, 7, 5});
  const TweenOptions options{.tween = 7};
  const auto row = [&](std::size_t i, std::int64_t index) {
    for (const OutlierEntry& entry : animation_frame(walk.frames, options, i).outliers) {
      if (entry.index == index) return entry;
    }
    return OutlierEntry{.index = -1};
  };

  // In the middle of the way, and half visible there.
  EXPECT_DOUBLE_EQ(row(4, 7).place, 0.5);
  EXPECT_DOUBLE_EQ(row(4, 9).place, 1.0);
  EXPECT_DOUBLE_EQ(row(4, 7).opacity, 1);
  EXPECT_DOUBLE_EQ(row(4, 8).opacity, 0.5);
  EXPECT_DOUBLE_EQ(row(4, 5).opacity, 0.5);
  EXPECT_LT(row(6, 8).opacity, 0.2);
  EXPECT_GT(row(6, 5).opacity, 0.8);
  EXPECT_EQ(row(1, 9).rank, 3);
  EXPECT_EQ(row(7, 9).rank, 1);
}

// The number in a row is medians_away(): it counts evenly from one checkpoint's to the next one's.
TEST(Tween, DistancesOfOutliersGoLinearly) {
  Walk walk({0, 1});
  for (Frame& frame : walk.frames) frame.outliers = entries({7});
  walk.frames[0].outliers[0].score = std::exp(-20);
  walk.frames[1].outliers[0].score = std::exp(-4);
  const auto distance = [&](std::size_t i) {
    return medians_away(animation_frame(walk.frames, {.tween = 3}, i).outliers[0].score);
  };

  for (const auto& [i, expected] : {std::pair{0U, 20.0}, {1U, 16.0}, {2U, 12.0}, {3U, 8.0}, {4U, 4.0}})
    EXPECT_NEAR(distance(i), expected, 1e-9) << i;
  walk.frames[0].outliers[0].score = 0;  // too far away for a number
  EXPECT_NEAR(distance(2), (medians_away(0) + 4) / 2, 1e-9);
}

TEST(Tween, TrailsEndAtThePointAndReachBackAsFarAsAsked) {
  Walk walk({0, 1, 2, 3});
  for (Frame& frame : walk.frames) frame.outliers = entries({0});

  const Frame frame = animation_frame(walk.frames, {.tween = 1, .trail = 1}, 5);

  ASSERT_EQ(frame.trails.size(), 1u);
  const std::vector<double>& path = frame.trails[0].path;
  EXPECT_DOUBLE_EQ(path[path.size() - 2], frame.points[0]);
  EXPECT_DOUBLE_EQ(path[0], walk.x({.tween = 1}, 3));
  EXPECT_TRUE(animation_frame(walk.frames, {.trail = 1}, 0).trails.empty());
  EXPECT_TRUE(animation_frame(walk.frames, {.trail = 0}, 2).trails.empty());
}

TEST(Tween, AFrameOwnsItsPoints) {
  Frame frame;
  {
    const Walk walk({0, 1});
    frame = animation_frame(walk.frames, {.tween = 1}, 1);
  }
  const Frame copy = frame;
  frame = {};

  EXPECT_DOUBLE_EQ(copy.points[0], 0.5);
}

}  // namespace
}  // namespace zoetrope::render
