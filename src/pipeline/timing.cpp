// SPDX-License-Identifier: Apache-2.0
#include "timing.hpp"

#include <algorithm>
#include <cmath>

namespace zoetrope::pipeline {

namespace {

constexpr double kHold = 2;         // seconds that the last frame stays
constexpr double kMostHold = 0.25;  // of a given duration
constexpr int kFine = 1000;         // places between two checkpoints: more than are ever shown
constexpr double kWholeWay = 8;     // seconds
constexpr double kLeastStep = 0.1;  // seconds from one checkpoint to the next
constexpr double kGreatestStep = 0.5;

// Where nothing is between two checkpoints, nothing moves.
render::TweenOptions with_places(std::int64_t tween) {
  render::TweenOptions options;
  options.tween = static_cast<int>(tween);
  if (tween == 0) options.trail = 0;
  return options;
}

std::int64_t own_tween(const RenderOptions& options, double fps, std::size_t num_checkpoints) {
  if (options.layout == render::Layout::kArticle || num_checkpoints < 2) return 0;
  const double step =
      std::clamp(kWholeWay / static_cast<double>(num_checkpoints - 1), kLeastStep, kGreatestStep);
  return static_cast<std::int64_t>(std::max(1.0, std::round(step * fps))) - 1;
}

}  // namespace

Timing timing_of(const RenderOptions& options, std::size_t num_checkpoints) {
  Timing timing;
  timing.fps = frames_a_second(options);
  timing.hold_last_s = kHold;
  if (!options.duration) {
    timing.tween = with_places(options.tween.value_or(own_tween(options, timing.fps, num_checkpoints)));
    return timing;
  }
  const double duration = *options.duration;
  timing.fps = std::max(timing.fps, 2 / duration);  // two frames at least
  timing.tween = with_places(options.tween.value_or(kFine));
  const double moving = duration - std::min(kHold, kMostHold * duration);
  const double most = std::floor(duration * timing.fps) - 1;  // the last frame stays no shorter than others
  const double intervals =
      num_checkpoints < 2 ? 0 : std::max(1.0, std::min(most, std::floor(moving * timing.fps)));
  timing.tween.frames = static_cast<std::size_t>(intervals) + 1;
  timing.hold_last_s = duration - intervals / timing.fps;
  return timing;
}

}  // namespace zoetrope::pipeline
