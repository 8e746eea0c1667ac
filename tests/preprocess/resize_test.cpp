// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "zoetrope/preprocess/preprocess.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"

#include "data/golden.hpp"

namespace zoetrope::preprocess {
namespace {

std::string describe(const support::Json& golden_case) {
  return golden_case.dump();
}

TEST(Resize, EqualsPillowInEveryPixel) {
  const data::Golden golden("resize");
  int compared = 0;
  for (const auto& golden_case : golden.cases()) {
    if (!golden_case.contains("output")) continue;
    const Image expected = golden.image(golden_case.at("output"));

    const Image resized = resize(golden.image(golden_case.at("input")), expected.height, expected.width,
                                 static_cast<Resample>(golden_case.at("resample").get<int>()));

    EXPECT_EQ(resized.channels, expected.channels) << describe(golden_case);
    EXPECT_EQ(resized.pixels, expected.pixels) << describe(golden_case);
    ++compared;
  }
  EXPECT_EQ(compared, 33);
}

TEST(Resize, EqualsPillowAtTheRealModelsSize) {
  const data::Golden golden("resize");
  int compared = 0;
  for (const auto& golden_case : golden.cases()) {
    if (!golden_case.contains("output_sha256")) continue;

    const Image resized = resize(golden.image(golden_case.at("input")), 224, 224,
                                 static_cast<Resample>(golden_case.at("resample").get<int>()));

    EXPECT_EQ(support::sha256_hex(std::as_bytes(std::span(resized.pixels))), golden_case.at("output_sha256"))
        << describe(golden_case);
    ++compared;
  }
  EXPECT_EQ(compared, 3);
}

TEST(Resize, LeavesAnImageOfTheRightSizeAlone) {
  const Image image{2, 3, 1, {1, 2, 3, 4, 5, 6}};

  EXPECT_EQ(resize(image, 2, 3, Resample::kBicubic).pixels, image.pixels);
}

TEST(Resize, RefusesSizesBelowOnePixel) {
  const Image image{1, 1, 1, {0}};

  EXPECT_THROW(resize(image, 0, 3, Resample::kBilinear), InputError);
  EXPECT_THROW(resize(image, 3, -1, Resample::kBilinear), InputError);
}

}  // namespace
}  // namespace zoetrope::preprocess
