// SPDX-License-Identifier: Apache-2.0
// How long an animation is, and how many frames it has.
#pragma once

#include <cstddef>

#include "zoetrope/pipeline/options.hpp"
#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/tween.hpp"

namespace zoetrope::pipeline {

struct Timing {
  render::TweenOptions tween;
  double fps = 0;
  double hold_last_s = 0;  // as render::AnimationOptions
};

// Of so many checkpoints, 1 or more. Where --duration says how long the animation is, the last frame's rest
// included, --fps says how many frames that takes, and --tween how many of them differ: with --tween 0 each
// checkpoint stands still until the next. Where --tween is left open, all differ.
//
// Where neither is said, --layout article has no in-betweens. Others have as many as make the way from the
// first checkpoint to the last 8 s long, with 0.1 to 0.5 s from one checkpoint to the next.
Timing timing_of(const RenderOptions& options, std::size_t num_checkpoints);

}  // namespace zoetrope::pipeline
