// SPDX-License-Identifier: Apache-2.0
// Points of a picture in blocks of near ones, so that most blocks are passed over as a whole.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::analysis {

class PointBlocks {
 public:
  explicit PointBlocks(const Points& points);

  // The k nearest to point i, nearest first, ties by index, to `nearest`.
  void find_nearest(std::int64_t i, std::int64_t k, std::int64_t* nearest) const;
  // Of each of `others`: 1 more than there are points, but point i, that are nearer to it, or as near and of
  // a smaller index.
  std::vector<std::int64_t> ranks(std::int64_t i, std::span<const std::int64_t> others) const;

 private:
  // Of each block: squared distances of its points are within.
  struct Reach {
    std::vector<double> least, most;
  };
  std::int64_t begin(std::int64_t block) const { return block * kPoints; }
  std::int64_t size(std::int64_t block) const;
  std::int64_t num_blocks() const { return static_cast<std::int64_t>(left_.size()); }
  Reach reach(double x, double y) const;
  double squared_distance(std::int64_t a, std::int64_t b) const;  // of places
  void sort(const Points& points);

  static constexpr std::int64_t kPoints = 64;
  std::vector<std::int64_t> place_;                  // of each point, in the order of the blocks
  std::vector<std::int64_t> point_;                  // of each place
  std::vector<double> x_, y_, number_;               // of each place; the last is point_ as kernels take it
  std::vector<double> left_, right_, bottom_, top_;  // of each block
};

}  // namespace zoetrope::analysis
