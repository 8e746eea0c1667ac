// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_eigh.h>
#include <Spectra/MatOp/DenseSymMatProd.h>
#include <Spectra/SymEigsSolver.h>

#include "zoetrope/analysis/projection.hpp"
#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/error.hpp"

#include "moments.hpp"
#include "one_thread.hpp"
#include "rows.hpp"
#include "svd_flip.hpp"
#include "vector_math.hpp"

namespace zoetrope::analysis {
namespace {

struct Leading {
  Eigen::Vector2d values;       // largest first
  Eigen::MatrixX2d components;  // [D, 2], unit columns
};

// What an iteration that broke down returns need not be one.
bool are_eigenpairs(const Eigen::MatrixXd& symmetric, const Leading& pairs) {
  constexpr double kTolerance = 1e-12;
  const Eigen::MatrixX2d& v = pairs.components;
  const Eigen::MatrixX2d residuals =
      symmetric.selfadjointView<Eigen::Upper>() * v - v * pairs.values.asDiagonal();
  const Eigen::Matrix2d products = v.transpose() * v;
  return residuals.norm() <= kTolerance * std::abs(pairs.values[0]) &&
         (products - Eigen::Matrix2d::Identity()).norm() <= kTolerance;
}

// By Lanczos' method, which takes a tenth of the time of all eigenpairs where there are many. None where it
// does not converge: of a matrix of rank 0 or 1, or whose second and third eigenvalue are all but the same.
std::optional<Leading> lanczos(const Eigen::MatrixXd& symmetric) {
  constexpr int kLeastColumns = 64, kBasis = 24, kMostRestarts = 15;
  constexpr double kTolerance = 1e-14;  // of the residuals, relative to the eigenvalues
  if (symmetric.rows() < kLeastColumns) return std::nullopt;
  Spectra::DenseSymMatProd<double, Eigen::Upper> product(symmetric);
  Spectra::SymEigsSolver<Spectra::DenseSymMatProd<double, Eigen::Upper>> solver(product, 2, kBasis);
  try {
    solver.init();  // from the same numbers each time
    solver.compute(Spectra::SortRule::LargestAlge, kMostRestarts, kTolerance, Spectra::SortRule::LargestAlge);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  if (solver.info() != Spectra::CompInfo::Successful) return std::nullopt;
  Leading leading{solver.eigenvalues(), solver.eigenvectors()};
  if (!are_eigenpairs(symmetric, leading)) return std::nullopt;
  return leading;
}

// The two leading eigenpairs of a symmetric matrix, of which the upper triangle is read.
Leading leading_eigenpairs(Eigen::MatrixXd& symmetric) {
  const OneThread one_thread;
  if (auto leading = lanczos(symmetric)) return *leading;
  const std::int64_t size = symmetric.rows();
  // Eigen stores column after column, libtorch row after row: the upper triangle of one is the lower of the
  // other.
  const at::Tensor lower = at::from_blob(symmetric.data(), {size, size}, at::kDouble);
  const auto [values, vectors] = at::linalg_eigh(lower, "L");  // ascending; [D], [D, D] by column
  Leading leading{{}, Eigen::MatrixX2d(size, 2)};
  for (int c = 0; c < 2; ++c) {
    const at::Tensor vector = vectors.select(1, size - 1 - c).contiguous();
    leading.values[c] = values.const_data_ptr<double>()[size - 1 - c];
    leading.components.col(c) = Eigen::Map<const Eigen::VectorXd>(vector.const_data_ptr<double>(), size);
  }
  return leading;
}

}  // namespace

void CovarianceAccumulator::add(const at::Tensor& rows) {
  const at::Tensor checked = checked_rows(rows, 1, 2);
  const std::int64_t num_columns = checked.size(1);
  if (count_ == 0) {
    shift_ = column_means(checked);
    sum_ = Eigen::VectorXd::Zero(num_columns);
    outer_ = Eigen::MatrixXd::Zero(num_columns, num_columns);
  }
  if (num_columns != shift_.size()) {
    throw InputError("embeddings: " + std::to_string(num_columns) + " columns, but the set before has " +
                     std::to_string(shift_.size()) + "; checkpoints of one run have the same width");
  }
  sum_ += static_cast<double>(checked.size(0)) * (column_means(checked) - shift_);
  add_upper_products(checked, shift_, outer_, device_);
  count_ += checked.size(0);
}

Pca CovarianceAccumulator::fit() const {
  const auto count = static_cast<double>(count_);
  return Pca::fit(Scatter{count_, shift_ + sum_ / count, outer_ - sum_ * (sum_.transpose() / count)});
}

Scatter Scatter::of(const at::Tensor& rows, TensorDevice device) {
  const at::Tensor checked = checked_rows(rows, 1, 1);
  Scatter scatter{checked.size(0), column_means(checked),
                  Eigen::MatrixXd::Zero(checked.size(1), checked.size(1))};
  add_upper_products(checked, scatter.mean, scatter.products, device);
  return scatter;
}

double Scatter::gram_norm() const {
  const Eigen::MatrixXd strict = products.triangularView<Eigen::StrictlyUpper>();
  return std::sqrt(products.diagonal().squaredNorm() + 2 * strict.squaredNorm());
}

double Scatter::squared_norm() const {
  return products.trace();
}

Pca Pca::fit(const Scatter& scatter) {
  if (scatter.count < 2) {
    throw InputError("PCA: " + std::to_string(scatter.count) +
                     " rows, but at least 2 are needed; embed more images");
  }
  if (scatter.mean.size() < 2)
    throw InputError("PCA: the embeddings have 1 column, but at least 2 are needed; give wider ones");
  Eigen::MatrixXd covariance = scatter.products / static_cast<double>(scatter.count - 1);
  const double total = covariance.trace();
  const Leading leading = leading_eigenpairs(covariance);
  Pca pca;
  pca.mean = scatter.mean;
  pca.components = leading.components.transpose();
  for (int c = 0; c < 2; ++c) {
    const Eigen::VectorXd component = leading.components.col(c);
    pca.components.row(c) = svd_flip(component) * component.transpose();
  }
  pca.explained_variance = leading.values.cwiseMax(0.0);
  pca.explained_variance_ratio =
      total > 0 ? Eigen::Vector2d(pca.explained_variance / total) : Eigen::Vector2d::Zero();
  return pca;
}

Pca Pca::onto(const Plane& plane, const Scatter& scatter) {
  Pca pca;
  pca.mean = scatter.mean;
  pca.components = plane.transpose();
  const Plane products = scatter.products.selfadjointView<Eigen::Upper>() * plane;
  const auto freedom = static_cast<double>(std::max<std::int64_t>(1, scatter.count - 1));
  pca.explained_variance = plane.cwiseProduct(products).colwise().sum().transpose() / freedom;
  const double total = scatter.squared_norm() / freedom;
  pca.explained_variance_ratio =
      total > 0 ? Eigen::Vector2d(pca.explained_variance / total) : Eigen::Vector2d::Zero();
  return pca;
}

Points Pca::transform(const at::Tensor& rows) const {
  const at::Tensor checked = checked_rows(rows, 0, 2);
  const std::int64_t num_columns = checked.size(1);
  if (num_columns != mean.size()) {
    throw InputError("embeddings: " + std::to_string(num_columns) +
                     " columns, but the projection was fitted on " + std::to_string(mean.size()));
  }
  const Eigen::VectorXd first = components.row(0).transpose();
  const Eigen::VectorXd second = components.row(1).transpose();
  const float* data = checked.const_data_ptr<float>();
  Points points(checked.size(0), 2);
  compute::for_each_range(checked.size(0), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Projected p =
          project(data + i * num_columns, mean.data(), first.data(), second.data(), num_columns);
      points(i, 0) = p.first;
      points(i, 1) = p.second;
    }
  });
  return points;
}

}  // namespace zoetrope::analysis
