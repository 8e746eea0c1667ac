// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>

#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::pipeline {

// Frames' scatters, kept for those who ask again as long as there is room.
class ScatterCache {
 public:
  explicit ScatterCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  analysis::Scatter get(std::size_t frame, const std::function<analysis::Scatter()>& make) {
    if (auto known = find(frame)) return *std::move(known);
    analysis::Scatter scatter = make();
    const std::size_t bytes = sizeof(double) * static_cast<std::size_t>(scatter.products.size());
    if ((scatters_.size() + 1) * bytes <= most_bytes_) scatters_.emplace(frame, scatter);
    return scatter;
  }

  std::optional<analysis::Scatter> find(std::size_t frame) const {
    const auto known = scatters_.find(frame);
    return known == scatters_.end() ? std::nullopt : std::optional(known->second);
  }

 private:
  std::size_t most_bytes_;
  std::map<std::size_t, analysis::Scatter> scatters_;
};

}  // namespace zoetrope::pipeline
