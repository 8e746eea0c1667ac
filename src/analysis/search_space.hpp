// SPDX-License-Identifier: Apache-2.0
// Rows prepared for a search by float32 matrix products, with a proven bound on what float32 can get wrong.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/support/range.hpp"

#include "row_list.hpp"
#include "vector_math.hpp"

namespace zoetrope::analysis {

// clang-format off
// With x_i the row (cosine: divided by its norm), m a vector near the mean of the rows and a_i = x_i - m,
// both metrics come down to a product of rows and one number per row:
//
//   cosine     1 - x_i.x_j    = c_i -   (a_i.a_j + h_j)    c_i = 1 - m.a_i - m.m    h_j = m.a_j
//   Euclidean  |x_i - x_j|^2  = c_i - 2 (a_i.a_j + h_j)    c_i = |a_i|^2            h_j = -|a_j|^2 / 2
//
// clang-format on
// "Score" is a_i.a_j + h_j in float32: the higher, the nearer j is to i. Taking m away keeps the products
// small where all rows point the same way, as they do before training, and with them the float32 error.
// The products must be plain float32: not bfloat16 or TF32, which libtorch uses only when asked to.
class SearchSpace {
 public:
  enum class Centred {
    kKept,     // once and for all: as much memory as the rows
    kMadeAnew  // when they are asked for
  };

  // `rows`: finite.
  SearchSpace(RowList rows, Metric metric, Centred centred = Centred::kKept);

  std::int64_t size() const { return rows_.size(); }
  // a_i times a power of two, float32: of the rows of a range, and of those named by `index`, [rows, D].
  at::Tensor centred(support::Range range) const;
  at::Tensor centred(std::span<const std::int64_t> index) const;
  // Of all rows, where they are kept.
  const at::Tensor& centred() const { return centred_; }
  const std::vector<float>& offsets() const { return offset_; }  // h_j in the same unit

  // The distance between two rows, in float64 from the rows themselves.
  double distance(std::int64_t i, std::int64_t j) const;
  // The same of many pairs i[n], j[n], faster than one by one.
  std::vector<double> distances(std::span<const std::int64_t> i, std::span<const std::int64_t> j) const;
  // A row whose score for row i is at most `score` is no nearer to it than this.
  double nearest_with_score(std::int64_t i, float score) const;
  // A row within `distance` of row i has a score for it of at least this.
  float least_score_within(std::int64_t i, double distance) const;
  // A row with a score for row i above this is nearer to it than `distance`.
  float most_score_beyond(std::int64_t i, double distance) const;

 private:
  void measure_rows();
  std::vector<double> mean_of_sample() const;
  void centre_rows();
  void bound_errors(const std::vector<double>& length);
  CentredRow centre_row(std::int64_t i, float* to) const;
  double cosine_distance(std::int64_t i, std::int64_t j, double product) const;
  const float* row(std::int64_t i) const { return rows_[i]; }

  RowList rows_;
  Metric metric_;
  std::vector<double> mean_;  // m
  at::Tensor centred_;        // undefined where they are made anew
  std::vector<float> offset_;
  std::vector<double> scale_;     // cosine: 1 / |row|; Euclidean: 1
  std::vector<double> constant_;  // c_i
  std::vector<double> error_;     // of a score, float32
  double unit_ = 1;               // the power of two on a_i: products of Euclidean rows must not overflow
  double slope_ = 1;              // distance key = c_i - slope * score
  double largest_ = 1;            // the largest |x_i|
  double rounding_ = 0;           // of a distance key, float64
};

}  // namespace zoetrope::analysis
