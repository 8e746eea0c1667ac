// SPDX-License-Identifier: Apache-2.0
// Images given as tensors, as a split.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "zoetrope/preprocess/image_cache.hpp"

namespace zoetrope::testing {

class TensorDataset final : public data::Dataset {
 public:
  // `pixels` uint8 [N, 1, H, W], `labels` int64 [N].
  TensorDataset(const at::Tensor& pixels, const at::Tensor& labels)
      : pixels_(pixels.contiguous()), labels_(labels) {}

  std::int64_t size() const override { return labels_.size(0); }
  data::Image image(std::int64_t index) const override {
    const auto height = pixels_.size(2), width = pixels_.size(3);
    data::Image image{static_cast<int>(height), static_cast<int>(width), 1, {}};
    const auto* first = pixels_.const_data_ptr<std::uint8_t>() + index * height * width;
    image.pixels.assign(first, first + height * width);
    return image;
  }
  std::int64_t label(std::int64_t index) const override { return labels_[index].item<std::int64_t>(); }
  const std::vector<std::string>& class_names() const override { return names_; }
  const std::string& digest() const override { return digest_; }

 private:
  at::Tensor pixels_;
  at::Tensor labels_;
  std::vector<std::string> names_;
  std::string digest_ = "tensors";
};

// A cache of `store`'s images that holds `max_bytes` of them in memory.
inline std::unique_ptr<preprocess::ImageCache> cache_of(const preprocess::PixelStore& store,
                                                        const preprocess::PreprocessorConfig& config,
                                                        std::uint64_t max_bytes = std::uint64_t{1} << 30) {
  preprocess::ImageCacheOptions options;
  options.max_bytes = max_bytes;
  return std::make_unique<preprocess::ImageCache>(std::make_shared<TensorDataset>(store.pixels, store.labels),
                                                  config, options);
}

}  // namespace zoetrope::testing
