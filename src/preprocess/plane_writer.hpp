// SPDX-License-Identifier: Apache-2.0
// The geometric half of the preprocessing: any image to the bytes of one size that the model is to see.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "zoetrope/preprocess/preprocess.hpp"

#include "resample.hpp"

namespace zoetrope::preprocess {

struct Size {
  int height = 0;
  int width = 0;
  bool operator==(const Size&) const = default;
};

// The size of every image after preprocessing. Without a resize or a crop it is `first`'s, the split's first
// image.
Size output_size(const PreprocessorConfig& config, const Image& first);

// Resizes and crops. One object per thread.
class PlaneWriter {
 public:
  PlaneWriter(const PreprocessorConfig& config, Size output) : config_(config), output_(output) {}

  // planes[(c * height + y) * width + x] for the output's height and width and the image's channels. Black
  // where a crop is larger than what it is taken of.
  // Throws InputError when a config that does not resize meets an image that does not fit, and where an image
  // would be resized to more than 2^31 - 1 pixels.
  void write(const Image& image, std::span<std::uint8_t> planes);

 private:
  // What a crop takes along one axis, and the black pixels before it.
  struct Window {
    int offset = 0;
    int count = 0;
    int before = 0;
  };
  Window window(int resized, int output) const;
  void set_up(const Image& image);
  void write_padded(const Image& image, std::span<std::uint8_t> planes);

  PreprocessorConfig config_;
  Size output_;
  Window rows_, columns_;
  std::optional<Resizer> resizer_;
  std::vector<std::uint8_t> unpadded_;
};

// Of the image `index` of `dataset`, which errors name.
void write_image(PlaneWriter& writer, const data::Dataset& dataset, std::int64_t index, const Image& image,
                 std::span<std::uint8_t> planes);

}  // namespace zoetrope::preprocess
