// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

// The images given, as a split.
class FakeDataset final : public Dataset {
 public:
  explicit FakeDataset(std::vector<Image> images, std::vector<std::int64_t> labels = {})
      : images_(std::move(images)), labels_(std::move(labels)) {
    labels_.resize(images_.size());
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(images_.size()); }
  Image image(std::int64_t index) const override { return images_.at(static_cast<std::size_t>(index)); }
  std::int64_t label(std::int64_t index) const override {
    return labels_.at(static_cast<std::size_t>(index));
  }
  const std::vector<std::string>& class_names() const override { return names_; }
  const std::string& digest() const override { return digest_; }

 private:
  std::vector<Image> images_;
  std::vector<std::int64_t> labels_;
  std::vector<std::string> names_{"a", "b"};
  std::string digest_{"fake"};
};

}  // namespace zoetrope::data
