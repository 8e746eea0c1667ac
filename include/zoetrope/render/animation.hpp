// SPDX-License-Identifier: Apache-2.0
// Pictures into an animation file, through FFmpeg's libraries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "zoetrope/render/frame.hpp"

namespace zoetrope::render {

struct AnimationOptions {
  // gif: one palette for all frames, no dithering.
  // mp4: H.264 as browsers and QuickTime play it (yuv420p, even sizes, index at the front).
  // webp: animated, lossy.
  std::string format = "gif";
  double fps = 10;           // of a GIF at most 50, of a WebP 90
  double hold_last_s = 2.0;  // how long the last frame stays before the animation starts again
  // Where the last frame is put as a PNG too, to be shown while the animation is not; empty: nowhere.
  std::filesystem::path poster = {};
  int threads = 1;  // how many frames are made at a time
  // Pixels that a GIF's palette has exactly, the first 64 of them, whatever else its frames show: colours
  // that mean something, as class_colours().
  std::vector<std::uint32_t> exact_colours = {};
};

// Every format that there is.
std::vector<std::string> animation_formats();

// UsageError when the format is unknown or a number is out of its range: to be called before any work.
void check_animation_options(const AnimationOptions& options);

// Encodes `count` frames of one size given by `frame(i)`, i ascending where `threads` is 1; a two-pass
// encoder (the GIF's palette) asks for some of them before that. `frame` is called from other threads: one
// call at a time where `threads` is 1, else up to one more than `threads` (the poster). Never holds more than
// a few pictures for each of them. The file's bytes do not depend on `threads`, and it appears when it is
// whole. Throws RunError with FFmpeg's reason, or when a frame has another size than the first; UsageError as
// above.
void write_animation(const std::filesystem::path& path, const AnimationOptions& options, std::size_t count,
                     const std::function<Picture(std::size_t)>& frame);

}  // namespace zoetrope::render
