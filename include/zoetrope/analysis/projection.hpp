// SPDX-License-Identifier: Apache-2.0
// From D dimensions to 2: PCA as scikit-learn, then Procrustes alignment as SciPy.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>
#include <Eigen/Core>

#include "zoetrope/analysis/tensor_device.hpp"

namespace zoetrope::analysis {

using Points = Eigen::Matrix<double, Eigen::Dynamic, 2, Eigen::RowMajor>;  // [N, 2]
using Plane = Eigen::MatrixX2d;                                            // [D, 2], orthonormal columns

// How the rows of an embedding lie about their mean.
struct Scatter {
  std::int64_t count = 0;
  Eigen::VectorXd mean;      // [D]
  Eigen::MatrixXd products;  // X^T X of the centred rows, [D, D], of which the upper triangle is meaningful

  // `rows`: float32 [N, D], N >= 1. Throws InputError naming the row on a value that is not finite. The same
  // bits whatever the number of threads. `device` makes the products, from `rows` on the CPU.
  static Scatter of(const at::Tensor& rows, TensorDevice device = std::nullopt);
  double gram_norm() const;     // |X^T X|_F
  double squared_norm() const;  // |X|_F^2
};

// sklearn.decomposition.PCA(n_components=2): centred, float64 covariance, two leading eigenvectors, each with
// its coefficient of largest magnitude positive.
struct Pca {
  Eigen::VectorXd mean;                                 // [D]
  Eigen::Matrix<double, 2, Eigen::Dynamic> components;  // [2, D], unit rows
  Eigen::Vector2d explained_variance;                   // eigenvalues, divided by N - 1
  Eigen::Vector2d explained_variance_ratio;             // 0 where all rows are equal (scikit-learn: nan)

  static Pca fit(const Scatter& scatter);  // throws InputError with fewer than 2 rows or columns
  // The projection onto a plane that is given, with what it explains of these rows.
  static Pca onto(const Plane& plane, const Scatter& scatter);
  Points transform(const at::Tensor& rows) const;
};

// Mean and covariance sums of several sets of rows, for a PCA fitted on all of them together.
class CovarianceAccumulator {
 public:
  explicit CovarianceAccumulator(TensorDevice device = std::nullopt) : device_(device) {}
  void add(const at::Tensor& rows);  // float32 [N, D], D the same each time; throws InputError as Scatter::of
  Pca fit() const;                   // throws InputError with fewer than 2 rows in all

 private:
  TensorDevice device_;
  std::int64_t count_ = 0;
  Eigen::VectorXd shift_;  // the mean of the first set: keeps the sums small
  Eigen::VectorXd sum_;
  Eigen::MatrixXd outer_;
};

struct Aligned {
  Points points;
  double disparity = 0;
  Eigen::Matrix2d map;  // points = (what they were - its mean) * map
};

// scipy.spatial.procrustes(reference, points): `points` is mtx2, standardised, rotated (reflection allowed)
// and scaled onto the standardised reference. Throws InputError where a set has a single distinct point or a
// coordinate that is not finite, or where the sets differ in size.
Aligned procrustes(const Points& reference, const Points& points);

// The article's last step: scaled so that the largest |coordinate| is 5 (points all at the origin stay
// there).
Points stretch(const Points& points, double largest = 5.0);

}  // namespace zoetrope::analysis
