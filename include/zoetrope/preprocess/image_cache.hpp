// SPDX-License-Identifier: Apache-2.0
// A split's images as the model takes them, made once and kept as bytes as far as memory allows; the rest is
// decoded and resized again by worker threads whenever a batch wants it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/preprocess/augment.hpp"
#include "zoetrope/preprocess/preprocess.hpp"

namespace zoetrope::preprocess {

struct ImageCacheOptions {
  std::uint64_t max_bytes = std::uint64_t{4} << 30;  // --image-cache: of resized images held in memory
  int num_threads = 1;                               // that decode and resize
  Augmentation augmentation = Augmentation::kNone;
  std::uint64_t seed = 42;       // of the augmentation
  at::Device device = at::kCPU;  // where batches are wanted
  // All images are kept there, too, where they take no more.
  std::uint64_t max_device_bytes = std::uint64_t{8} << 30;
};

// Batches are the same bits whatever max_bytes, num_threads and the order of the calls are. To be used by one
// thread at a time.
class ImageCache {
 public:
  // Without augmentation and when all images fit, they are all made here. Throws InputError naming the image
  // that cannot be decoded.
  ImageCache(std::shared_ptr<const data::Dataset> dataset, const PreprocessorConfig& config,
             const ImageCacheOptions& options);
  ~ImageCache();
  ImageCache(const ImageCache&) = delete;
  ImageCache& operator=(const ImageCache&) = delete;

  const at::Tensor& labels() const;  // int64 [N], CPU
  // Begins to make a batch that pixels() will be asked for, in this order. Each holds its images'
  // memory.
  void prefetch(std::vector<std::int64_t> indices, std::int64_t epoch);
  // uint8 [B, C, H, W] on the device: the images `indices`, augmented for `epoch` if they are. A device is
  // not waited for. Throws what decoding throws.
  at::Tensor pixels(std::span<const std::int64_t> indices, std::int64_t epoch);
  // int64 [B] on the device: theirs.
  at::Tensor labels(std::span<const std::int64_t> indices) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zoetrope::preprocess
