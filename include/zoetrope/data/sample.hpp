// SPDX-License-Identifier: Apache-2.0
// Some images of a data set, drawn by chance: training images to be shown beside the test images.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::data {

class Sample : public Dataset {
 public:
  // `count` images of `all`, all of them where there are no more, in their order there; a function of `seed`
  // and the number of images alone.
  Sample(std::shared_ptr<const Dataset> all, std::int64_t count, std::uint64_t seed);

  const std::vector<std::int64_t>& index() const { return index_; }  // of each image in `all`, ascending

  std::int64_t size() const override { return static_cast<std::int64_t>(index_.size()); }
  int channels() const override { return all_->channels(); }
  bool has_images() const override { return all_->has_images(); }
  Image image(std::int64_t i) const override { return all_->image(place(i)); }
  std::int64_t label(std::int64_t i) const override { return all_->label(place(i)); }
  std::string image_name(std::int64_t i) const override { return all_->image_name(place(i)); }
  const std::vector<std::string>& class_names() const override { return all_->class_names(); }
  const std::string& digest() const override { return digest_; }

 private:
  std::int64_t place(std::int64_t i) const { return index_.at(static_cast<std::size_t>(i)); }

  std::shared_ptr<const Dataset> all_;
  std::vector<std::int64_t> index_;
  std::string digest_;
};

}  // namespace zoetrope::data
