// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/preprocess/augment.hpp"

#include <cmath>

#include "zoetrope/support/random.hpp"

namespace zoetrope::preprocess {
namespace {

constexpr double kSmallestShare = 0.08;
constexpr double kNarrowest = 3.0 / 4.0;  // width : height
constexpr double kWidest = 4.0 / 3.0;
constexpr int kTries = 10;

double between(support::SplitMix64& random, double low, double high) {
  return low + (high - low) * random.uniform();
}

// Python's round(): halves to the even neighbour, as nearbyint in the default rounding mode.
int rounded(double value) {
  return static_cast<int>(std::nearbyint(value));
}

// The largest crop around the centre whose shape is allowed.
Crop central_crop(int image_height, int image_width) {
  Crop crop{0, 0, image_height, image_width, false};
  const double shape = static_cast<double>(image_width) / image_height;
  if (shape < kNarrowest) crop.height = rounded(image_width / kNarrowest);
  if (shape > kWidest) crop.width = rounded(image_height * kWidest);
  crop.top = (image_height - crop.height) / 2;
  crop.left = (image_width - crop.width) / 2;
  return crop;
}

Crop draw_box(int image_height, int image_width, support::SplitMix64& random) {
  const double area = static_cast<double>(image_height) * image_width;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const double target = area * between(random, kSmallestShare, 1.0);
    const double shape = std::exp(between(random, std::log(kNarrowest), std::log(kWidest)));
    const int width = rounded(std::sqrt(target * shape));
    const int height = rounded(std::sqrt(target / shape));
    if (width < 1 || width > image_width || height < 1 || height > image_height) continue;
    const auto top = static_cast<int>(random.below(static_cast<std::uint64_t>(image_height - height) + 1));
    const auto left = static_cast<int>(random.below(static_cast<std::uint64_t>(image_width - width) + 1));
    return {top, left, height, width, false};
  }
  return central_crop(image_height, image_width);
}

}  // namespace

std::string name_of(Augmentation augmentation) {
  return augmentation == Augmentation::kFlipCrop ? "flip-crop" : "none";
}

Crop draw_crop(int image_height, int image_width, std::uint64_t seed, std::int64_t epoch,
               std::int64_t image) {
  const std::uint64_t stream = support::mix_seed(seed, static_cast<std::uint64_t>(epoch));
  support::SplitMix64 random(support::mix_seed(stream, static_cast<std::uint64_t>(image)));
  Crop crop = draw_box(image_height, image_width, random);
  crop.flip = random.uniform() < 0.5;
  return crop;
}

}  // namespace zoetrope::preprocess
