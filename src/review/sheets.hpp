// SPDX-License-Identifier: Apache-2.0
// All test images on a few large JPEG pictures, each image in a cell of its own.
#pragma once

#include <string>
#include <vector>

#include "zoetrope/review/review.hpp"

namespace zoetrope::review {

struct Sheets {
  std::int64_t width = 0;  // of an image as it is shown: large images are made smaller
  std::int64_t height = 0;
  std::int64_t cell_width = 0;  // a multiple of JPEG's 8: a block of pixels belongs to one image alone
  std::int64_t cell_height = 0;
  std::int64_t columns = 1;
  std::int64_t rows = 1;
  std::vector<std::string> jpegs;  // image i lies on sheet i / (columns * rows)
};

// `count` images, as review.images holds them.
Sheets make_sheets(const Images& images, std::int64_t count);

// All images on one picture, in as many columns as rows, without gaps; 8192 pixels wide at most.
struct Sprite {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t cell_width = 0;
  std::int64_t cell_height = 0;
  std::vector<std::uint8_t> pixels;  // as in Images; empty where there are none
};

Sprite make_sprite(const Images& images, std::int64_t count);

}  // namespace zoetrope::review
