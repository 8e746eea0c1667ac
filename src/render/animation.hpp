// SPDX-License-Identifier: Apache-2.0
// What the encoders of the three formats share.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <string>

#include "zoetrope/render/animation.hpp"

namespace zoetrope::render {

// The frames to encode.
struct Film {
  std::size_t count = 0;
  const std::function<Picture(std::size_t)>& frame;
  double fps = 10;
  double hold_last_s = 0;

  // When frame `i` appears; of `count`: when the last one ends.
  double time_s(std::size_t i) const;
};

// Reads the frames in order, the next one while the caller works on the last.
class FrameReader {
 public:
  explicit FrameReader(const Film& film);
  // The next frame; at most `count` times. RunError when its size differs from the first one's.
  Picture next();

 private:
  void fetch();

  const Film& film_;
  std::size_t fetched_ = 0;
  int width_ = 0;
  int height_ = 0;
  std::future<Picture> ahead_;
};

// Each writes the whole file `path`, which nobody else sees yet.
void encode_gif(const std::string& path, const Film& film);
void encode_mp4(const std::string& path, const Film& film);
void encode_webp(const std::string& path, const Film& film);

}  // namespace zoetrope::render
