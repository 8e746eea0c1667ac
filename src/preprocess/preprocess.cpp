// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/preprocess/preprocess.hpp"

#include <algorithm>
#include <atomic>
#include <span>
#include <string>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "zoetrope/compute/large_buffer.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

#include "plane_writer.hpp"

namespace zoetrope::preprocess {
namespace {

constexpr std::int64_t kImagesPerTask = 16;

// Fills `pixels` [N, C, H, W]. False when an image has more channels than C: the images are not all grey.
bool fill_pixels(const data::Dataset& dataset, const PreprocessorConfig& config, Size output,
                 at::Tensor& pixels) {
  std::atomic<bool> all_fit = true;
  const std::int64_t channels = pixels.size(1);
  const std::int64_t plane = std::int64_t{output.height} * output.width;
  auto* bytes = pixels.mutable_data_ptr<std::uint8_t>();
  const bool may_end_early = support::is_interruptible();
  at::parallel_for(0, dataset.size(), kImagesPerTask, [&](std::int64_t begin, std::int64_t end) {
    const trace::Span span("preparing images", "images", end - begin);
    const support::Interruptible as_the_caller(may_end_early);
    PlaneWriter writer(config, output);
    for (std::int64_t i = begin; i < end && all_fit; ++i) {
      support::stop_point();
      const Image image = dataset.image(i);
      if (image.channels > channels) {
        all_fit = false;
        return;
      }
      std::uint8_t* target = bytes + i * channels * plane;
      write_image(writer, dataset, i, image, {target, static_cast<std::size_t>(image.channels * plane)});
      for (std::int64_t c = image.channels; c < channels; ++c) std::copy_n(target, plane, target + c * plane);
    }
  });
  return all_fit;
}

}  // namespace

Image resize(const Image& image, int height, int width, Resample resample) {
  if (height < 1 || width < 1 || image.height < 1 || image.width < 1)
    throw InputError("an image cannot be resized from " + std::to_string(image.height) + " x " +
                     std::to_string(image.width) + " to " + std::to_string(height) + " x " +
                     std::to_string(width) + " pixels");
  if (image.height == height && image.width == width) return image;
  Resizer resizer({image.height, height, 0, height}, {image.width, width, 0, width}, resample);
  std::vector<std::uint8_t> planes(static_cast<std::size_t>(image.channels) *
                                   static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
  resizer.run(image, planes);
  return join_channels(planes, height, width, image.channels);
}

PixelStore load_pixels(const data::Dataset& dataset, const PreprocessorConfig& config) {
  const std::int64_t n = dataset.size();
  const Image first = n > 0 ? dataset.image(0) : Image{1, 1, 1, {0}};
  const Size output = output_size(config, first);
  PixelStore store;
  store.labels = at::empty({n}, at::kLong);
  for (std::int64_t i = 0; i < n; ++i) store.labels.mutable_data_ptr<std::int64_t>()[i] = dataset.label(i);
  store.pixels = compute::large_bytes({n, first.channels, output.height, output.width});
  if (!fill_pixels(dataset, config, output, store.pixels)) {
    store.pixels = compute::large_bytes({n, 3, output.height, output.width});
    fill_pixels(dataset, config, output, store.pixels);
  }
  return store;
}

}  // namespace zoetrope::preprocess
