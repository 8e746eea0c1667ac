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
  Quantisation quantisation;          // of the points
  std::vector<std::uint16_t> points;  // of the test images [T, N, 2], as they are packed
  double largest_distance = 1;
  double largest_train_distance = 1;  // of test images to training images
};

PackedArrays pack_arrays(const Review& review);

}  // namespace zoetrope::review
