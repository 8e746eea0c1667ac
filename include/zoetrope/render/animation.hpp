// SPDX-License-Identifier: Apache-2.0
// Pictures into an animation file, through FFmpeg's libraries.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "zoetrope/render/frame.hpp"

namespace zoetrope::render {

struct AnimationOptions {
  std::string format = "gif";  // gif, mp4, webp
  double fps = 10;
  double hold_last_s = 2.0;  // how long the last frame stays before the animation starts again
};

// Encodes `count` frames given by `frame(i)`, i ascending; a two-pass encoder (the GIF's palette) asks for
// the frames again from 0. Never holds more than a few pictures. The file appears when it is whole.
// Throws RunError with FFmpeg's reason; UsageError on an unknown format.
void write_animation(const std::filesystem::path& path, const AnimationOptions& options, std::size_t count,
                     const std::function<Picture(std::size_t)>& frame);

}  // namespace zoetrope::render
