// SPDX-License-Identifier: Apache-2.0
// Images of one size held in memory, as the small benchmark sets (MNIST's kin, CIFAR) come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

struct ImageArray {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;  // [N, C, H, W]
  std::vector<std::uint8_t> labels;  // [N], each < class_names.size()
  std::vector<std::string> class_names;
};

// Warns of classes that one split alone has, `labels` being those of `split`; others may be missing, or
// outside the classes.
void warn_of_lone_classes(const std::vector<std::string>& class_names, Split split,
                          std::span<const std::uint8_t> labels, std::span<const std::uint8_t> others,
                          const std::filesystem::path& folder);

class ArrayDataset final : public Dataset {
 public:
  // `kind` and `split` go into the digest.
  ArrayDataset(ImageArray array, const std::string& kind, Split split);

  std::int64_t size() const override { return static_cast<std::int64_t>(array_.labels.size()); }
  int channels() const override { return array_.channels; }
  Image image(std::int64_t index) const override;
  std::int64_t label(std::int64_t index) const override {
    return array_.labels.at(static_cast<std::size_t>(index));
  }
  const std::vector<std::string>& class_names() const override { return array_.class_names; }
  const std::string& digest() const override { return digest_; }

 private:
  ImageArray array_;
  std::string digest_;
};

}  // namespace zoetrope::data
