// SPDX-License-Identifier: Apache-2.0
// Training-time augmentation as torchvision.transforms defines it: RandomResizedCrop, then
// RandomHorizontalFlip.
#pragma once

#include <cstdint>
#include <string>

namespace zoetrope::preprocess {

enum class Augmentation { kNone, kFlipCrop };

std::string name_of(Augmentation augmentation);  // "none", "flip-crop"

// The part of an image that is resized to the model's size, and whether it is mirrored afterwards.
struct Crop {
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;
  bool flip = false;
};

// RandomResizedCrop.get_params with its defaults (8 % to 100 % of the area, sides 3:4 to 4:3, the centre
// after ten draws that do not fit) and a flip with probability 1/2. The numbers come from (seed, epoch,
// image) alone, so they are the same whatever the batch, the rank or the thread. All sizes in pixels.
Crop draw_crop(int image_height, int image_width, std::uint64_t seed, std::int64_t epoch, std::int64_t image);

}  // namespace zoetrope::preprocess
