// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/preprocess/image_cache.hpp"

#include <atomic>
#include <memory>
#include <numeric>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/sampler.hpp"
#include "zoetrope/preprocess/preprocess.hpp"
#include "zoetrope/support/error.hpp"

#include "data/fake_dataset.hpp"

namespace zoetrope::preprocess {
namespace {

constexpr std::int64_t kImages = 37;
constexpr std::uint64_t kImageBytes = 3 * 6 * 5;

std::vector<Image> made_up_images() {
  std::vector<Image> images;
  for (std::int64_t n = 0; n < kImages; ++n) {
    Image image{7, 9, 3, std::vector<std::uint8_t>(7 * 9 * 3)};
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
      image.pixels[i] = static_cast<std::uint8_t>(i * i + 31 * static_cast<std::size_t>(n));
    images.push_back(std::move(image));
  }
  return images;
}

// Counts how often images are decoded; image `broken` cannot be.
class CountingDataset final : public data::Dataset {
 public:
  std::int64_t size() const override { return images_.size(); }
  Image image(std::int64_t index) const override {
    ++decoded;
    if (index == broken) throw InputError("broken.jpg: is broken");
    return images_.image(index);
  }
  std::int64_t label(std::int64_t index) const override { return index % 2; }
  const std::vector<std::string>& class_names() const override { return images_.class_names(); }
  const std::string& digest() const override { return images_.digest(); }

  mutable std::atomic<int> decoded = 0;
  std::int64_t broken = -1;

 private:
  data::FakeDataset images_{made_up_images()};
};

PreprocessorConfig small_config() {
  PreprocessorConfig config;
  config.size.height = 6;
  config.size.width = 5;
  return config;
}

std::vector<std::int64_t> counting(std::int64_t n) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(n));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

ImageCacheOptions room_for(std::int64_t images, int threads) {
  ImageCacheOptions options;
  options.max_bytes = static_cast<std::uint64_t>(images) * kImageBytes;
  options.num_threads = threads;
  return options;
}

at::Tensor expected_batch(std::span<const std::int64_t> indices) {
  const PixelStore store = load_pixels(data::FakeDataset(made_up_images()), small_config());
  return normalize(store.pixels,
                   at::tensor(at::ArrayRef<std::int64_t>(indices.data(), indices.size()), at::kLong),
                   small_config());
}

// As the model takes them.
at::Tensor batch_of(ImageCache& cache, const std::vector<std::int64_t>& indices, std::int64_t epoch) {
  return normalize(cache.pixels(indices, epoch), small_config());
}

TEST(ImageCache, GivesTheSameBitsWhateverItHoldsAndHowManyThreadsWork) {
  for (const std::int64_t room : {std::int64_t{0}, std::int64_t{1}, std::int64_t{20}, kImages}) {
    for (const int threads : {1, 3}) {
      ImageCache cache(std::make_shared<CountingDataset>(), small_config(), room_for(room, threads));
      for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
        const auto order = data::epoch_order(1, epoch, kImages);
        EXPECT_TRUE(at::equal(batch_of(cache, order, epoch), expected_batch(order)))
            << room << " " << threads;
      }
    }
  }
}

// Whether all stay on the device, or each batch goes there when it is wanted.
TEST(ImageCache, GivesTheSameBitsWhateverTheDeviceHolds) {
  ImageCacheOptions options = room_for(kImages, 1);
  for (const std::uint64_t most : {std::uint64_t{0}, kImages * kImageBytes - 1, kImages * kImageBytes}) {
    options.max_device_bytes = most;
    ImageCache cache(std::make_shared<CountingDataset>(), small_config(), options);
    const auto order = data::epoch_order(1, 0, kImages);
    EXPECT_TRUE(at::equal(batch_of(cache, order, 0), expected_batch(order))) << most;
  }
}

TEST(ImageCache, DecodesWhatItHoldsOnlyOnce) {
  const auto dataset = std::make_shared<CountingDataset>();
  ImageCache cache(dataset, small_config(), room_for(20, 2));
  batch_of(cache, counting(kImages), 0);
  const int first_epoch = dataset->decoded;

  batch_of(cache, counting(kImages), 1);

  EXPECT_EQ(dataset->decoded - first_epoch, kImages - 20);
}

TEST(ImageCache, MakesEverythingAtOnceWhenItFits) {
  const auto dataset = std::make_shared<CountingDataset>();
  ImageCache cache(dataset, small_config(), room_for(kImages, 1));
  const int at_start = dataset->decoded;

  batch_of(cache, counting(5), 0);

  EXPECT_EQ(dataset->decoded, at_start);
  EXPECT_EQ(cache.labels()[1].item<std::int64_t>(), 1);
}

TEST(ImageCache, UsesWhatWasPrefetched) {
  const auto dataset = std::make_shared<CountingDataset>();
  ImageCache cache(dataset, small_config(), room_for(0, 2));
  const int at_start = dataset->decoded;
  cache.prefetch({4, 5, 6}, 0);
  cache.prefetch({7, 8}, 0);

  const std::vector<std::int64_t> first{4, 5, 6}, second{7, 8};
  EXPECT_TRUE(at::equal(batch_of(cache, first, 0), expected_batch(first)));
  EXPECT_TRUE(at::equal(batch_of(cache, second, 0), expected_batch(second)));
  EXPECT_EQ(dataset->decoded - at_start, 5);
}

TEST(ImageCache, DoesWithoutAPrefetchThatWasNotMeant) {
  ImageCache cache(std::make_shared<CountingDataset>(), small_config(), room_for(0, 2));
  cache.prefetch({1, 2}, 0);
  cache.prefetch({3}, 0);
  const std::vector<std::int64_t> wanted{9, 8};

  EXPECT_TRUE(at::equal(batch_of(cache, wanted, 0), expected_batch(wanted)));
}

TEST(ImageCache, AugmentsTheSameWhateverTheBatchAndTheThreads) {
  ImageCacheOptions options = room_for(kImages, 3);
  options.augmentation = Augmentation::kFlipCrop;
  ImageCache together(std::make_shared<CountingDataset>(), small_config(), options);
  options.num_threads = 1;
  ImageCache alone(std::make_shared<CountingDataset>(), small_config(), options);

  const at::Tensor all = together.pixels(counting(kImages), 5);

  EXPECT_FALSE(at::equal(all, together.pixels(counting(kImages), 6)));
  for (std::int64_t i = kImages - 1; i >= 0; --i)
    EXPECT_TRUE(at::equal(alone.pixels(std::span(&i, 1), 5)[0], all[i]));
}

TEST(ImageCache, HandsOnTheErrorOfABrokenImage) {
  const auto dataset = std::make_shared<CountingDataset>();
  dataset->broken = 30;
  ImageCache cache(dataset, small_config(), room_for(0, 2));

  EXPECT_NO_THROW(batch_of(cache, counting(30), 0));
  EXPECT_THAT([&] { batch_of(cache, counting(kImages), 0); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("broken.jpg")));
  EXPECT_NO_THROW(batch_of(cache, counting(30), 1));
  EXPECT_THROW(batch_of(cache, std::vector<std::int64_t>{kImages}, 0), c10::Error);
}

TEST(ImageCache, CanBeLeftWithWorkUnfinished) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    ImageCache cache(std::make_shared<CountingDataset>(), small_config(), room_for(0, 3));
    cache.prefetch(counting(kImages), 0);
    cache.prefetch(counting(kImages), 1);
  }
}

}  // namespace
}  // namespace zoetrope::preprocess
