// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/temporal.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace zoetrope::analysis {

Eigen::ArrayXd kept_neighbours(std::span<const std::int32_t> before, std::span<const std::int32_t> after,
                               std::int64_t k) {
  const auto width = static_cast<std::size_t>(k);
  Eigen::ArrayXd kept(static_cast<Eigen::Index>(after.size() / width));
  for (Eigen::Index i = 0; i < kept.size(); ++i) {
    const auto first = static_cast<std::size_t>(i) * width;
    const auto old = before.subspan(first, width), now = after.subspan(first, width);
    const auto common = std::ranges::count_if(
        now, [&](std::int32_t row) { return std::ranges::find(old, row) != old.end(); });
    kept[i] = static_cast<double>(common) / static_cast<double>(k);
  }
  return kept;
}

TemporalPreservation::TemporalPreservation(std::int64_t num_images)
    : mean_kept_(Eigen::ArrayXd::Zero(num_images)),
      mean_moved_(Eigen::ArrayXd::Zero(num_images)),
      kept_squares_(Eigen::ArrayXd::Zero(num_images)),
      moved_squares_(Eigen::ArrayXd::Zero(num_images)),
      products_(Eigen::ArrayXd::Zero(num_images)) {}

void TemporalPreservation::add_step(const Eigen::ArrayXd& kept, const Eigen::ArrayXd& moved) {
  ++num_steps_;
  const Eigen::ArrayXd kept_before = kept - mean_kept_, moved_before = moved - mean_moved_;
  mean_kept_ += kept_before / num_steps_;
  mean_moved_ += moved_before / num_steps_;
  kept_squares_ += kept_before * (kept - mean_kept_);
  moved_squares_ += moved_before * (moved - mean_moved_);
  products_ += kept_before * (moved - mean_moved_);
}

TemporalPreservation::Summary TemporalPreservation::summary() const {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (num_steps_ < 2 || products_.size() == 0) return {kUnknown, kUnknown};
  const Eigen::ArrayXd norms = (kept_squares_ * moved_squares_).sqrt();
  const Eigen::ArrayXd correlations = (norms > 0).select(products_ / norms, 0.0);
  const double mean = correlations.mean();
  return {mean, std::sqrt((correlations - mean).square().mean())};
}

}  // namespace zoetrope::analysis
