// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace zoetrope::analysis {

struct Neighbour {
  double distance;
  std::int64_t row;
  bool operator<(const Neighbour& other) const {
    return distance != other.distance ? distance < other.distance : row < other.row;
  }
};

// The k nearest rows offered so far, nearest first, ties by row number.
class NearestList {
 public:
  explicit NearestList(std::int64_t k) : k_(static_cast<std::size_t>(k)) { entries_.reserve(k_ + 1); }

  void offer(const Neighbour& neighbour) {
    if (full() && !(neighbour < entries_.back())) return;
    entries_.insert(std::upper_bound(entries_.begin(), entries_.end(), neighbour), neighbour);
    if (entries_.size() > k_) entries_.pop_back();
  }
  bool full() const { return entries_.size() == k_; }
  // No row farther than this can enter.
  double reach() const { return full() ? entries_.back().distance : std::numeric_limits<double>::infinity(); }
  const std::vector<Neighbour>& entries() const { return entries_; }

 private:
  std::size_t k_;
  std::vector<Neighbour> entries_;
};

}  // namespace zoetrope::analysis
