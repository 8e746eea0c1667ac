// SPDX-License-Identifier: Apache-2.0
// A run's numbers as the page holds them: quantised, and of as few bits as what is shown needs.
#pragma once

#include <cstdint>
#include <vector>

#include "zoetrope/review/review.hpp"

#include "pack.hpp"

namespace zoetrope::review {

struct PackedArrays {
  ArrayPacker packer;
  Range range;  // of the points
  double largest_distance = 1;
  double largest_train_distance = 1;          // of test images to training images
  std::vector<std::size_t> neighbour_frames;  // whose neighbours are kept
  std::int64_t neighbour_count = 0;           // of an image
};

PackedArrays pack_arrays(const Review& review);

}  // namespace zoetrope::review
