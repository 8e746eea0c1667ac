// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/smooth_planes.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_eigh.h>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

#include "one_thread.hpp"
#include "svd_flip.hpp"

namespace zoetrope::analysis {

namespace {

using Products = std::vector<Eigen::MatrixXd>;

// The `count` leading eigenvectors, largest eigenvalue first.
Eigen::MatrixXd leading(const Eigen::MatrixXd& symmetric, Eigen::Index count) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(symmetric);
  return solver.eigenvectors().rightCols(count).rowwise().reverse();
}

// The plane that `columns` span; `before` where they span none.
Plane plane_spanned_by(const Plane& columns, const Plane& before) {
  constexpr double kVanishing = 1e-24;
  const Eigen::Matrix2d gram = columns.transpose() * columns;
  if (!(gram.determinant() > kVanishing * gram.trace() * gram.trace())) return before;
  return Eigen::HouseholderQR<Plane>(columns).householderQ() * Plane::Identity(columns.rows(), 2);
}

// |P - Q|_F / sqrt(2) of two planes' projectors.
double distance(const Plane& a, const Plane& b) {
  return (a - b * (b.transpose() * a)).norm();
}

// Climbs towards the planes that smooth_planes() asks for, one plane at a time, which raises what is to be
// largest each time.
class Ascent {
 public:
  Ascent(const Products& products, double smoothness, const Plane& start)
      : products_(products), weight_(smoothness / 2), planes_(products.size(), start) {}

  const std::vector<Plane>& planes() const { return planes_; }

  // Each plane in turn becomes the best beside its neighbours of now.
  void sweep_exactly() {
    for (std::size_t t = 0; t < planes_.size(); ++t) {
      Eigen::MatrixXd sum = products_[t];
      for (const Plane* neighbour : neighbours(t)) sum += weight_ * (*neighbour * neighbour->transpose());
      planes_[t] = leading(sum, 2);
    }
  }

  // Each plane in turn goes a step of the power method towards that, forwards or back. How far the farthest
  // has gone.
  double sweep(bool forwards) {
    double farthest = 0;
    for (std::size_t i = 0; i < planes_.size(); ++i) {
      const std::size_t t = forwards ? i : planes_.size() - 1 - i;
      Plane sum = products_[t] * planes_[t];
      for (const Plane* neighbour : neighbours(t))
        sum += weight_ * (*neighbour * (neighbour->transpose() * planes_[t]));
      const Plane next = plane_spanned_by(sum, planes_[t]);
      farthest = std::max(farthest, distance(next, planes_[t]));
      planes_[t] = next;
    }
    return farthest;
  }

 private:
  std::vector<const Plane*> neighbours(std::size_t t) const {
    std::vector<const Plane*> all;
    if (t > 0) all.push_back(&planes_[t - 1]);
    if (t + 1 < planes_.size()) all.push_back(&planes_[t + 1]);
    return all;
  }

  const Products& products_;
  double weight_;
  std::vector<Plane> planes_;
};

std::vector<Plane> best_planes(const Products& products, double smoothness) {
  constexpr int kExactSweeps = 2, kMostSweeps = 50000;
  constexpr double kTolerance = 1e-11;
  Eigen::MatrixXd sum = products.front();
  for (std::size_t t = 1; t < products.size(); ++t) sum += products[t];
  Ascent ascent(products, smoothness, leading(sum, 2));
  for (int i = 0; i < kExactSweeps; ++i) ascent.sweep_exactly();
  for (int i = 0; i < kMostSweeps && ascent.sweep(i % 2 == 0) > kTolerance; ++i) support::stop_point();
  return ascent.planes();
}

// Columns along the axes of the variance in the plane, as those of a PCA.
Plane along_principal_axes(const Plane& plane, const Eigen::MatrixXd& products) {
  const Eigen::Matrix2d within = plane.transpose() * products * plane;
  return plane * leading(within, 2);
}

Plane turned_onto(const Plane& plane, const Plane& target) {
  const Eigen::Matrix2d cross = plane.transpose() * target;
  const Eigen::JacobiSVD<Eigen::Matrix2d> svd(cross, Eigen::ComputeFullU | Eigen::ComputeFullV);
  return plane * svd.matrixU() * svd.matrixV().transpose();
}

}  // namespace

Eigen::MatrixXd normalised_products(const Scatter& scatter) {
  Eigen::MatrixXd products = scatter.products.selfadjointView<Eigen::Upper>();
  const double total = products.trace();
  if (total > 0) products /= total;
  return products;
}

Eigen::MatrixXd leading_axes(const Eigen::MatrixXd& symmetric, Eigen::Index most) {
  if (symmetric.rows() < 2) throw InputError("embeddings: of 1 column; a picture takes 2 or more");
  const trace::Span span("axes of all checkpoints");
  const OneThread one_thread;
  const Eigen::Index size = symmetric.rows();
  const at::Tensor matrix = at::from_blob(const_cast<double*>(symmetric.data()), {size, size}, at::kDouble);
  // Ascending, an eigenvector a column: with Eigen's eyes, which see columns first, a row.
  const at::Tensor vectors = std::get<1>(at::linalg_eigh(matrix)).contiguous();
  const Eigen::Map<const Eigen::MatrixXd> rows(vectors.const_data_ptr<double>(), size, size);
  return rows.bottomRows(std::min(most, size)).colwise().reverse().transpose();
}

Eigen::MatrixXd along_axes(const Eigen::MatrixXd& products, const Eigen::MatrixXd& axes) {
  const OneThread one_thread;
  return axes.transpose() * products * axes;
}

std::vector<Plane> smooth_planes(const Eigen::MatrixXd& axes, const Products& products, double smoothness) {
  const trace::Span span("smooth planes", "frames", static_cast<std::int64_t>(products.size()));
  const OneThread one_thread;
  std::vector<Plane> planes = best_planes(products, smoothness);
  planes.back() = along_principal_axes(planes.back(), products.back());
  for (int c = 0; c < 2; ++c) planes.back().col(c) *= svd_flip(axes * planes.back().col(c));
  for (std::size_t t = planes.size() - 1; t-- > 0;) planes[t] = turned_onto(planes[t], planes[t + 1]);
  for (Plane& plane : planes) plane = axes * plane;
  return planes;
}

}  // namespace zoetrope::analysis
