// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/preprocess/preprocess.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"

#include "data/fake_dataset.hpp"
#include "data/golden.hpp"

namespace zoetrope::preprocess {
namespace {

using support::Json;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

at::Tensor all_indices(const at::Tensor& pixels) {
  return at::arange(pixels.size(0), at::kLong);
}

at::Tensor preprocess(const Image& image, const PreprocessorConfig& config) {
  const PixelStore store = load_pixels(data::FakeDataset({image}), config);
  return normalize(store.pixels, all_indices(store.pixels), config)[0];
}

double largest_difference(const at::Tensor& actual, const std::vector<float>& expected) {
  const at::Tensor flat = actual.contiguous();
  EXPECT_EQ(flat.numel(), static_cast<std::int64_t>(expected.size()));
  double largest = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    largest = std::max(largest, std::abs(double{flat.const_data_ptr<float>()[i]} - double{expected[i]}));
  return largest;
}

TEST(Preprocess, EqualsThePilImageProcessorExactly) {
  const data::Golden golden("preprocess");
  ASSERT_EQ(golden.cases().size(), 16u);
  for (const auto& golden_case : golden.cases()) {
    const auto config = PreprocessorConfig::from_json(golden_case.at("config"), "golden");

    const at::Tensor values = preprocess(golden.image(golden_case.at("input")), config);

    EXPECT_EQ(largest_difference(values, golden.array<float>(golden_case.at("pil"))), 0.0)
        << golden_case.dump();
  }
}

// torchvision rounds its weights to 16 bits and so differs from Pillow by a level or two of 255 in some
// pixels. Tall images that shrink are left out: Pillow 13 may shrink their height first, torchvision never.
TEST(Preprocess, StaysWithinTwoLevelsOfTheTorchvisionImageProcessor) {
  const data::Golden golden("preprocess");
  int compared = 0;
  for (const auto& golden_case : golden.cases()) {
    const Image image = golden.image(golden_case.at("input"));
    if (image.height > image.width) continue;
    const auto config = PreprocessorConfig::from_json(golden_case.at("config"), "golden");
    const double deviation = config.do_normalize ? std::ranges::min(config.image_std) : 1.0;

    const at::Tensor values = preprocess(image, config);

    EXPECT_LE(largest_difference(values, golden.array<float>(golden_case.at("torchvision"))),
              2.001 / 255.0 / deviation)
        << golden_case.dump();
    ++compared;
  }
  EXPECT_EQ(compared, 12);
}

TEST(Preprocess, LeavesToTheProcessorsClassWhatTheFileLacks) {
  const data::Golden golden("processors");
  ASSERT_EQ(golden.cases().size(), 84u);
  for (const auto& golden_case : golden.cases()) {
    const auto config = PreprocessorConfig::from_json(golden_case.at("config"), "golden");

    const at::Tensor values = preprocess(golden.image(golden_case.at("input")), config).contiguous();

    EXPECT_EQ(values.sizes().vec(), golden_case.at("output_shape").get<std::vector<std::int64_t>>())
        << golden_case.dump();
    EXPECT_EQ(support::sha256_hex({static_cast<const std::byte*>(values.const_data_ptr()), values.nbytes()}),
              golden_case.at("output_sha256"))
        << golden_case.dump();
  }
}

TEST(LoadPixels, KeepsOneChannelWhereEveryImageIsGrey) {
  const data::FakeDataset grey({Image{1, 1, 1, {10}}, Image{1, 1, 1, {20}}}, {1, 0});
  PreprocessorConfig config;
  config.size.height = config.size.width = 2;

  const PixelStore store = load_pixels(grey, config);

  EXPECT_EQ(store.pixels.sizes(), (at::IntArrayRef{2, 1, 2, 2}));
  EXPECT_EQ(store.pixels[1][0][1][1].item<int>(), 20);
  EXPECT_TRUE(at::equal(store.labels, at::tensor({1, 0}, at::kLong)));
}

TEST(LoadPixels, RepeatsGreyImagesAmongColouredOnes) {
  const data::FakeDataset mixed({Image{1, 1, 1, {10}}, Image{1, 1, 3, {1, 2, 3}}});
  PreprocessorConfig config;
  config.size.height = config.size.width = 1;

  const PixelStore store = load_pixels(mixed, config);

  EXPECT_TRUE(at::equal(store.pixels.flatten(), at::tensor({10, 10, 10, 1, 2, 3}, at::kByte)));
}

TEST(LoadPixels, TakesAnEmptySplit) {
  const PixelStore store = load_pixels(data::FakeDataset({}), PreprocessorConfig{});

  EXPECT_EQ(store.pixels.size(0), 0);
  EXPECT_EQ(normalize(store.pixels, at::empty({0}, at::kLong), PreprocessorConfig{}).sizes(),
            (at::IntArrayRef{0, 3, 224, 224}));
}

TEST(LoadPixels, RefusesImagesOfDifferentSizesWithoutResize) {
  const data::FakeDataset images({Image{1, 1, 1, {10}}, Image{1, 2, 1, {1, 2}}});
  PreprocessorConfig config;
  config.do_resize = false;

  EXPECT_THAT([&] { load_pixels(images, config); },
              ThrowsMessage<InputError>(HasSubstr("image 1: an image of 1 x 2 pixels")));
}

// 4,915,200,000 pixels are 620,232,704 in 32 bits.
TEST(LoadPixels, RefusesALineWhoseLongSideWouldNotFit) {
  constexpr int kLength = 300'000;
  const data::FakeDataset images({Image{1, kLength, 1, std::vector<std::uint8_t>(kLength)}});
  PreprocessorConfig config;
  config.size = ResizeTo{0, 0, false, 16384, 0};
  config.do_center_crop = true;
  config.crop_height = config.crop_width = 4;

  EXPECT_THAT(
      [&] { load_pixels(images, config); },
      ThrowsMessage<InputError>(HasSubstr("image 0: an image of 1 x 300000 pixels, resized to 16384 x "
                                          "4915200000, has more than 2147483647")));
}

TEST(Normalize, GivesTheSameBitsWhateverTheBatch) {
  const at::Tensor pixels = at::randint(0, 256, {7, 3, 5, 5}, at::kByte);
  const PreprocessorConfig config;

  const at::Tensor together = normalize(pixels, all_indices(pixels), config);

  for (std::int64_t i = 0; i < 7; ++i) {
    const at::Tensor alone = normalize(pixels, at::tensor({i}, at::kLong), config);
    EXPECT_TRUE(at::equal(alone[0], together[i]));
  }
}

TEST(Normalize, FollowsTheIndices) {
  const at::Tensor pixels = at::tensor({0, 255, 51}, at::kByte).view({3, 1, 1, 1});
  PreprocessorConfig config;
  config.do_normalize = false;

  const at::Tensor values = normalize(pixels, at::tensor({2, 1, 1, 0}, at::kLong), config);

  EXPECT_TRUE(at::allclose(values.select(1, 2).flatten(), at::tensor({0.2f, 1.0f, 1.0f, 0.0f})));
  EXPECT_THROW(normalize(pixels, at::tensor({3}, at::kLong), config), c10::Error);
}

TEST(PreprocessorConfig, ReadsBackWhatItWrites) {
  PreprocessorConfig config;
  config.size.shortest_edge = 256;
  config.do_center_crop = true;
  config.resample = Resample::kBicubic;
  config.image_std = {0.1, 0.2, 0.3};

  const auto copy = PreprocessorConfig::from_json(config.to_json(), "test");

  EXPECT_EQ(copy.to_json(), config.to_json());
  EXPECT_EQ(copy.output_height(), 224);
}

TEST(PreprocessorConfig, TakesTheOldSingleNumberSize) {
  const auto config =
      PreprocessorConfig::from_json(Json::parse(R"({"size": 384, "image_mean": 0.25})"), "test");

  EXPECT_EQ(config.size.width, 384);
  EXPECT_EQ(config.image_mean[2], 0.25);
}

TEST(PreprocessorConfig, TakesTheModelsClassWhereTheFileNamesNone) {
  const Json json = Json::parse(R"({"size": 40})");

  EXPECT_EQ(PreprocessorConfig::from_json(json, "test").size.height, 40);
  EXPECT_EQ(PreprocessorConfig::from_json(json, "test", "BitImageProcessor").size.shortest_edge, 40);
  EXPECT_THAT([&] { PreprocessorConfig::from_json(json, "test", ""); },
              ThrowsMessage<InputError>(HasSubstr("\"image_processor_type\"")));
}

TEST(PreprocessorConfig, LeavesOutWhatAStepThatIsOffWouldNeed) {
  const auto config = PreprocessorConfig::from_json(
      Json::parse(R"({"do_resize": null, "resample": "no", "do_normalize": 0, "image_mean": [1]})"), "test");

  EXPECT_FALSE(config.do_resize);
  EXPECT_FALSE(config.do_normalize);
  EXPECT_FALSE(config.to_json().contains("image_mean"));
}

TEST(PreprocessorConfig, NamesWhatItDoesNotSupport) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"resample": 6})", "resample"},
      {R"({"resample": null})", "resample"},
      {R"({"resample": 2.0})", "resample"},
      {R"({"do_resize": "false"})", "do_resize"},
      {R"({"rescale_factor": null})", "rescale_factor"},
      {R"({"image_mean": null})", "image_mean"},
      {R"({"do_pad": true, "pad_size": 256})", "pad_size"},
      {R"({"size": {"shortest_edge": 224}})", "shortest_edge"},
      {R"({"size": {"shortest_edge": 224, "longest_edge": 300}})", "size"},
      {R"({"size": {"longest_edge": 224}})", "size"},
      {R"({"size": {"height": 0, "width": 5}})", "size"},
      {R"({"size": {"height": 100000000, "width": 5}})", "size"},
      {R"({"image_std": [0.5, 0, 0.5]})", "image_std"},
      {R"({"image_mean": [0.5, 0.5]})", "image_mean"},
      {R"({"size": {"height": 36}})", "size"},
      {R"({"size": {"height": 36, "width": 33, "shortest_edge": 33}})", "size"},
      {R"({"size": {"max_height": 36, "max_width": 33}})", "size"},
      {R"({"size": [36, 33, 3]})", "size"},
      {R"({"size": [36, 33.5]})", "size"},
      {R"({"size": 36.0})", "size"},
      {R"({"size": "36"})", "size"},
      {R"({"size": null})", "size"},
      {R"({"do_center_crop": true, "crop_size": [30]})", "crop_size"},
      {R"({"do_center_crop": true, "crop_size": [0, 30]})", "crop_size"},
      {R"({"do_center_crop": true, "crop_size": {"shortest_edge": 30}})", "crop_size"},
      {R"({"do_center_crop": true, "crop_size": "30"})", "crop_size"},
      {R"({"do_center_crop": true})", "crop_size"},
      {R"({"image_processor_type": "DeiTImageProcessor", "crop_size": null})", "crop_size"},
      {R"({"image_processor_type": "ConvNextImageProcessor", "size": [32, 32]})", "ConvNextImageProcessor"},
      {R"({"feature_extractor_type": "LevitFeatureExtractor"})", "LevitFeatureExtractor"},
      {R"({"image_processor_type": 7})", "image_processor_type"},
      {R"([1, 2])", "object"},
  };
  for (const auto& [text, named] : cases) {
    EXPECT_THAT(
        [text = text] { PreprocessorConfig::from_json(Json::parse(text), "a/preprocessor_config.json"); },
        ThrowsMessage<InputError>(testing::AllOf(HasSubstr("a/preprocessor_config.json"), HasSubstr(named))))
        << text;
  }
}

}  // namespace
}  // namespace zoetrope::preprocess
