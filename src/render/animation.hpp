// SPDX-License-Identifier: Apache-2.0
// What the encoders of the three formats share.
#pragma once

#include <cstdint>
#include <functional>
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

// Each writes the whole file `path`, which nobody else sees yet.
void encode_gif(const std::string& path, const Film& film);
void encode_mp4(const std::string& path, const Film& film);
void encode_webp(const std::string& path, const Film& film);

}  // namespace zoetrope::render
