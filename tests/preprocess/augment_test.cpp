// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/preprocess/augment.hpp"

#include <memory>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "zoetrope/preprocess/image_cache.hpp"

#include "data/fake_dataset.hpp"
#include "data/golden.hpp"

namespace zoetrope::preprocess {
namespace {

std::vector<int> box(const Crop& crop) {
  return {crop.top, crop.left, crop.height, crop.width};
}

// torchvision's own code, run with this project's random numbers.
TEST(DrawCrop, EqualsTorchvisionsGetParams) {
  const data::Golden golden("augment");
  ASSERT_EQ(golden.cases().size(), 48u);
  for (const auto& golden_case : golden.cases()) {
    const Image image = golden.image(golden_case.at("input"));

    const Crop crop =
        draw_crop(image.height, image.width, 42, golden_case.at("epoch"), golden_case.at("image"));

    EXPECT_EQ(box(crop), golden_case.at("crop").get<std::vector<int>>()) << golden_case.dump();
    EXPECT_EQ(crop.flip, golden_case.at("flip").get<bool>()) << golden_case.dump();
  }
}

TEST(FlipCrop, EqualsTorchvisionInEveryPixel) {
  const data::Golden golden("augment");
  std::vector<Image> images(6);
  for (const auto& golden_case : golden.cases())
    images[golden_case.at("image").get<std::size_t>()] = golden.image(golden_case.at("input"));
  PreprocessorConfig config;
  config.size.height = 12;
  config.size.width = 17;
  ImageCache cache(std::make_shared<data::FakeDataset>(images), config,
                   {.augmentation = Augmentation::kFlipCrop, .seed = 42});

  for (const auto& golden_case : golden.cases()) {
    const std::int64_t index = golden_case.at("image");
    const at::Tensor pixels = cache.pixels(std::span(&index, 1), golden_case.at("epoch"))[0];

    const auto expected = golden.array<std::uint8_t>(golden_case.at("output"));
    const at::Tensor interleaved = pixels.permute({1, 2, 0}).contiguous();
    const auto* actual = interleaved.const_data_ptr<std::uint8_t>();
    EXPECT_EQ(std::vector<std::uint8_t>(actual, actual + interleaved.numel()), expected)
        << golden_case.dump();
  }
}

TEST(DrawCrop, CoversTheRangesThatTorchvisionDraws) {
  constexpr int kDraws = 20000;
  double area = 0.0, smallest = 1.0, largest = 0.0;
  int flips = 0;
  for (int image = 0; image < kDraws; ++image) {
    const Crop crop = draw_crop(1000, 1000, 7, 0, image);
    const double share = crop.height * crop.width / 1e6;
    const double shape = static_cast<double>(crop.width) / crop.height;
    area += share;
    smallest = std::min(smallest, share);
    largest = std::max(largest, share);
    flips += crop.flip ? 1 : 0;
    EXPECT_GE(shape, 0.745);
    EXPECT_LE(shape, 1.343);
    EXPECT_LE(crop.top + crop.height, 1000);
    EXPECT_LE(crop.left + crop.width, 1000);
  }
  EXPECT_NEAR(area / kDraws, 0.476, 0.008);  // torchvision's own mean over as many draws
  EXPECT_LT(smallest, 0.081);
  EXPECT_GT(largest, 0.98);
  EXPECT_NEAR(flips, kDraws / 2, 5 * 71);
}

}  // namespace
}  // namespace zoetrope::preprocess
