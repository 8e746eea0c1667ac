// SPDX-License-Identifier: Apache-2.0
// Pillow 13's resampling (src/libImaging/Resample.c, Geometry.c), bit for bit, in an order that vectorises.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zoetrope/preprocess/preprocess.hpp"

namespace zoetrope::preprocess {

// One axis of a resize from `in` to `out` pixels of which only [offset, offset + count) are wanted.
struct Axis {
  int in = 0;
  int out = 0;
  int offset = 0;
  int count = 0;
  bool is_identity() const { return in == out && count == out; }
};

constexpr int kPrecisionBits = 32 - 8 - 2;  // 8 bits of result, 2 for overshoot (Pillow's PRECISION_BITS)

// For each wanted position along an axis: the first input position, how many follow, and their weights in
// fixed point with kPrecisionBits fractional bits. Rows of `weights` are `taps` long.
struct AxisWeights {
  int taps = 0;
  std::vector<int> first;
  std::vector<int> count;
  std::vector<std::int32_t> weights;
};

AxisWeights axis_weights(const Axis& axis, Resample resample);

// Resizes images of one size to another. Holds weights and scratch memory: one object per thread.
class Resizer {
 public:
  Resizer(const Axis& vertical, const Axis& horizontal, Resample filter);

  bool accepts(const Image& image) const {
    return image.height == vertical_.in && image.width == horizontal_.in;
  }
  // Writes what is wanted of the resized image, one channel after the other: planes[(c * height + y) * width
  // + x].
  void run(const Image& image, std::span<std::uint8_t> planes);

 private:
  void pick_nearest(const Image& image, std::uint8_t* planes) const;
  void resize_rows(const std::uint8_t* pixels, std::size_t height, std::size_t channels,
                   std::uint8_t* planes);

  Axis vertical_;
  Axis horizontal_;
  Resample filter_;
  bool vertical_first_;
  AxisWeights vertical_weights_;
  AxisWeights horizontal_weights_;
  std::vector<int> nearest_x_;
  std::vector<int> nearest_y_;
  std::vector<std::uint8_t> between_;   // between the passes: [C, in_height, width], or [height, in_width, C]
  std::vector<std::uint8_t> columns_;   // a strip of the image, turned: [in_width, C, rows]
  std::vector<std::uint8_t> narrowed_;  // the same after the horizontal pass: [width, C, rows]
};

// Interleaved channels out of planes [C, H, W].
Image join_channels(std::span<const std::uint8_t> planes, int height, int width, int channels);

}  // namespace zoetrope::preprocess
