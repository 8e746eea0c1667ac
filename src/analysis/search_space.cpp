// SPDX-License-Identifier: Apache-2.0
#include "search_space.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <ATen/ops/empty.h>

#include "zoetrope/compute/tasks.hpp"

#include "rows.hpp"

namespace zoetrope::analysis {
namespace {

constexpr std::int64_t kMeanSample = 1024;

// sklearn.preprocessing.normalize leaves a row as it is when its norm is below 10 eps of its type: the
// distance of such a row, above all a zero row, is 1 to every other.
constexpr double kSmallestNorm = 10.0 * std::numeric_limits<float>::epsilon();

// A cosine distance below that is rounding, which must not put rows in the same direction in an order.
constexpr double kSmallestDistance = 16.0 * std::numeric_limits<double>::epsilon();

}  // namespace

SearchSpace::SearchSpace(RowList rows, Metric metric, Centred centred)
    : rows_(std::move(rows)),
      metric_(metric),
      offset_(size()),
      scale_(size(), 1.0),
      constant_(size()),
      error_(size()) {
  if (centred == Centred::kKept) centred_ = at::empty({size(), rows_.columns()}, at::kFloat);
  measure_rows();
  mean_ = mean_of_sample();
  centre_rows();
}

void SearchSpace::measure_rows() {
  std::vector<double> norm(size());
  compute::for_each_range(size(), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) norm[i] = std::sqrt(dot(row(i), row(i), rows_.columns()));
  });
  if (metric_ == Metric::kCosine) {
    for (std::int64_t i = 0; i < size(); ++i) scale_[i] = norm[i] < kSmallestNorm ? 1.0 : 1.0 / norm[i];
    return;
  }
  largest_ = *std::max_element(norm.begin(), norm.end());
  if (largest_ > 0) unit_ = std::ldexp(1.0, -std::ilogb(largest_) - 2);
  slope_ = 2.0 / (unit_ * unit_);
}

// Any m gives the same neighbours, so the mean of a sample will do.
std::vector<double> SearchSpace::mean_of_sample() const {
  const std::int64_t count = std::min(size(), kMeanSample);
  std::vector<double> mean(rows_.columns(), 0.0);
  for (std::int64_t s = 0; s < count; ++s) {
    const std::int64_t i = s * size() / count;
    accumulate(row(i), scale_[i] / static_cast<double>(count), rows_.columns(), mean.data());
  }
  return mean;
}

void SearchSpace::centre_rows() {
  const std::int64_t num_columns = rows_.columns();
  float* const centred = centred_.defined() ? centred_.mutable_data_ptr<float>() : nullptr;
  std::vector<double> length(size());  // of a_i, times unit_
  double mean_square = 0;
  for (const double m : mean_) mean_square += m * m;
  compute::for_each_range(size(), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> passing(centred == nullptr ? num_columns : 0);
    for (std::int64_t i = begin; i < end; ++i) {
      float* const to = centred == nullptr ? passing.data() : centred + i * num_columns;
      const CentredRow a = centre_row(i, to);
      const bool cosine = metric_ == Metric::kCosine;
      const double offset = cosine ? a.mean_component : -0.5 * a.squared_norm;
      offset_[i] = static_cast<float>(unit_ * unit_ * offset);
      constant_[i] = cosine ? 1.0 - a.mean_component - mean_square : a.squared_norm;
      length[i] = unit_ * std::sqrt(a.squared_norm);
    }
  });
  bound_errors(length);
}

// Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1: a product of D terms,
// summed in any order, is within gamma_D |a_i||a_j| of the true one, gamma_n = n u / (1 - n u). To D we add 8
// for rounding the rows to float32, rounding h_j, adding it, and the second-order terms of these.
void SearchSpace::bound_errors(const std::vector<double>& length) {
  const auto num_columns = static_cast<double>(rows_.columns());
  const double u = 0.5 * std::numeric_limits<float>::epsilon();
  const double n = (num_columns + 8) * u;
  const double gamma = n < 0.5 ? n / (1 - n) : std::numeric_limits<double>::infinity();
  const double longest = *std::max_element(length.begin(), length.end());
  double largest_offset = 0;
  for (const float h : offset_) largest_offset = std::max(largest_offset, std::abs(double{h}));
  // A processor may flush results below the smallest normal number to zero.
  const double underflow = num_columns * 8.0 * double{std::numeric_limits<float>::min()};
  for (std::int64_t i = 0; i < size(); ++i) {
    error_[i] = gamma * length[i] * longest + 8 * u * largest_offset + underflow;
  }
  // The same for the float64 sums behind c_i, h_j and the settled distance, generously.
  rounding_ = 64 * (num_columns + 32) * std::numeric_limits<double>::epsilon() * largest_ * largest_;
}

CentredRow SearchSpace::centre_row(std::int64_t i, float* to) const {
  return centre(row(i), scale_[i], mean_.data(), unit_, rows_.columns(), to);
}

at::Tensor SearchSpace::centred(support::Range range) const {
  if (centred_.defined()) return centred_.narrow(0, range.begin, range.size());
  at::Tensor made = at::empty({range.size(), rows_.columns()}, at::kFloat);
  auto* to = made.mutable_data_ptr<float>();
  for (std::int64_t i = range.begin; i < range.end; ++i, to += rows_.columns()) centre_row(i, to);
  return made;
}

at::Tensor SearchSpace::centred(std::span<const std::int64_t> index) const {
  at::Tensor made = at::empty({static_cast<std::int64_t>(index.size()), rows_.columns()}, at::kFloat);
  auto* to = made.mutable_data_ptr<float>();
  for (const std::int64_t i : index) {
    centre_row(i, to);
    to += rows_.columns();
  }
  return made;
}

double SearchSpace::distance(std::int64_t i, std::int64_t j) const {
  if (metric_ == Metric::kEuclidean) return std::sqrt(squared_distance(row(i), row(j), rows_.columns()));
  return cosine_distance(i, j, dot(row(i), row(j), rows_.columns()));
}

double SearchSpace::cosine_distance(std::int64_t i, std::int64_t j, double product) const {
  const double distance = 1.0 - product * scale_[i] * scale_[j];
  return distance < kSmallestDistance ? 0.0 : std::min(distance, 2.0);
}

std::vector<double> SearchSpace::distances(std::span<const std::int64_t> i,
                                           std::span<const std::int64_t> j) const {
  std::vector<double> all(i.size());
  if (metric_ == Metric::kEuclidean) {
    for (std::size_t n = 0; n < all.size(); ++n) all[n] = distance(i[n], j[n]);
    return all;
  }
  std::vector<const float*> x, y;
  for (std::size_t n = 0; n < all.size(); ++n) x.push_back(row(i[n])), y.push_back(row(j[n]));
  dots(x.data(), y.data(), static_cast<std::int64_t>(all.size()), rows_.columns(), all.data());
  for (std::size_t n = 0; n < all.size(); ++n) all[n] = cosine_distance(i[n], j[n], all[n]);
  return all;
}

double SearchSpace::nearest_with_score(std::int64_t i, float score) const {
  const double key = constant_[i] - slope_ * (double{score} + error_[i]) - rounding_;
  return metric_ == Metric::kCosine ? key : std::sqrt(std::max(key, 0.0));
}

float SearchSpace::least_score_within(std::int64_t i, double distance) const {
  const double key = metric_ == Metric::kCosine ? distance : distance * distance;
  const double score = (constant_[i] - key - rounding_) / slope_ - error_[i];
  return std::nextafter(static_cast<float>(score), -std::numeric_limits<float>::infinity());
}

float SearchSpace::most_score_beyond(std::int64_t i, double distance) const {
  const double key = metric_ == Metric::kCosine ? distance : distance * distance;
  const double score = (constant_[i] - key + rounding_) / slope_ + error_[i];
  return std::nextafter(static_cast<float>(score), std::numeric_limits<float>::infinity());
}

}  // namespace zoetrope::analysis
