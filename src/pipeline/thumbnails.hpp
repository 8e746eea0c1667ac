// SPDX-License-Identifier: Apache-2.0
// The images of outliers as a leaderboard shows them: decoded once, however many frames they are in, and not
// kept much larger than they are drawn.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/image.hpp"

namespace zoetrope::pipeline {

class Thumbnails {
 public:
  // Images whose longer side is at least twice `side` are shrunk to between `side` and twice that. `dataset`
  // outlives this.
  Thumbnails(const data::Dataset& dataset, int side) : dataset_(dataset), side_(side) {}

  // Null where the data set has no images.
  std::shared_ptr<const support::Image> of(std::int64_t index);

 private:
  const data::Dataset& dataset_;
  int side_;
  std::map<std::int64_t, std::shared_ptr<const support::Image>> made_;
};

}  // namespace zoetrope::pipeline
