// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/drift.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/linalg_svdvals.h>

#include "zoetrope/support/error.hpp"

#include "moments.hpp"
#include "one_thread.hpp"
#include "rows.hpp"

namespace zoetrope::analysis {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

std::int64_t num_rows(const Neighbours& neighbours) {
  return neighbours.k == 0 ? 0 : static_cast<std::int64_t>(neighbours.index.size()) / neighbours.k;
}

void require_equal_count(std::int64_t count, const std::string& what, std::int64_t other,
                         const std::string& of) {
  if (count == other) return;
  throw InputError("analysis: " + std::to_string(count) + " " + what + ", but " + std::to_string(other) +
                   " " + of + "; both must come from the same test split");
}

// The most frequent of `labels`, the smallest where several are.
std::int64_t majority(std::vector<std::int64_t>& labels) {
  std::sort(labels.begin(), labels.end());
  std::int64_t winner = labels.front();
  std::ptrdiff_t most = 0;
  for (auto first = labels.begin(); first != labels.end();) {
    const auto last = std::upper_bound(first, labels.end(), *first);
    if (last - first > most) winner = *first;
    most = std::max(most, last - first);
    first = last;
  }
  return winner;
}

Eigen::MatrixXd cross_products(const at::Tensor& x, const Eigen::VectorXd& mean_x, const at::Tensor& y,
                               const Eigen::VectorXd& mean_y, TensorDevice device) {
  require_equal_count(x.size(0), "rows", y.size(0), "in the other embedding");
  Eigen::MatrixXd cross = Eigen::MatrixXd::Zero(x.size(1), y.size(1));
  add_products(x, mean_x, y, mean_y, cross, device);
  return cross;
}

double cka_of(const Eigen::MatrixXd& cross, const Scatter& before, const Scatter& after) {
  const double norms = before.gram_norm() * after.gram_norm();
  return norms > 0 ? cross.squaredNorm() / norms : kUndefined;
}

// The root of the mean square of the centred values.
double spread(const Scatter& scatter) {
  return std::sqrt(scatter.squared_norm() / static_cast<double>(scatter.count * scatter.products.cols()));
}

// The same bits whatever the number of threads.
double sum_of_singular_values(Eigen::MatrixXd& matrix, TensorDevice device) {
  const OneThread one_thread;
  const at::Tensor transposed = at::from_blob(matrix.data(), {matrix.cols(), matrix.rows()}, at::kDouble);
  return at::linalg_svdvals(device ? transposed.to(*device) : transposed).sum().item<double>();
}

struct ClassShape {
  Eigen::RowVector2d centre = Eigen::RowVector2d::Zero();
  double spread = 0;  // mean distance to the centre
  std::int64_t count = 0;
};

std::vector<ClassShape> class_shapes(const Points& points, std::span<const std::int64_t> labels) {
  std::map<std::int64_t, ClassShape> shapes;
  for (Eigen::Index i = 0; i < points.rows(); ++i) {
    shapes[labels[i]].centre += points.row(i);
    ++shapes[labels[i]].count;
  }
  for (auto& [label, shape] : shapes) shape.centre /= static_cast<double>(shape.count);
  for (Eigen::Index i = 0; i < points.rows(); ++i) {
    ClassShape& shape = shapes[labels[i]];
    shape.spread += (points.row(i) - shape.centre).norm() / static_cast<double>(shape.count);
  }
  std::vector<ClassShape> all;
  for (const auto& [label, shape] : shapes) all.push_back(shape);
  return all;
}

}  // namespace

double knn_accuracy(const Neighbours& neighbours, std::span<const std::int64_t> labels) {
  const std::int64_t count = num_rows(neighbours);
  require_equal_count(static_cast<std::int64_t>(labels.size()), "labels", count, "embeddings");
  std::int64_t correct = 0;
  std::vector<std::int64_t> votes(neighbours.k);
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t n = 0; n < neighbours.k; ++n) votes[n] = labels[neighbours.index[i * neighbours.k + n]];
    if (majority(votes) == labels[i]) ++correct;
  }
  return count == 0 ? kUndefined : static_cast<double>(correct) / static_cast<double>(count);
}

double neighbour_preservation(const Neighbours& before, const Neighbours& after) {
  const std::int64_t k = before.k;
  require_equal_count(k, "neighbours per row", after.k, "in the other frame");
  require_equal_count(num_rows(before), "rows", num_rows(after), "in the other frame");
  std::int64_t common = 0;
  std::vector<std::int64_t> of_before(k);
  for (std::int64_t i = 0; i < num_rows(before); ++i) {
    const auto first = before.index.begin() + i * k;
    std::copy(first, first + k, of_before.begin());
    std::sort(of_before.begin(), of_before.end());
    common += std::count_if(
        after.index.begin() + i * k, after.index.begin() + (i + 1) * k,
        [&](std::int64_t row) { return std::binary_search(of_before.begin(), of_before.end(), row); });
  }
  return before.index.empty() ? kUndefined
                              : static_cast<double>(common) / static_cast<double>(before.index.size());
}

SimilarityInParts::SimilarityInParts(const at::Tensor& before, const Scatter& scatter_before,
                                     const at::Tensor& after, const Scatter& scatter_after,
                                     TensorDevice device)
    : cross_(cross_products(checked_rows(before, 1, 1), scatter_before.mean, checked_rows(after, 1, 1),
                            scatter_after.mean, device)),
      norms_(std::sqrt(scatter_before.squared_norm() * scatter_after.squared_norm())),
      linear_cka_(cka_of(cross_, scatter_before, scatter_after)),
      device_(device) {}

double SimilarityInParts::shape_disparity() {
  if (!(norms_ > 0)) return kUndefined;
  const double alike = sum_of_singular_values(cross_, device_) / norms_;
  return std::max(0.0, 1 - alike * alike);
}

double quick_linear_cka(const at::Tensor& before, const Scatter& scatter_before, const at::Tensor& after,
                        const Scatter& scatter_after, TensorDevice device) {
  if (device) return SimilarityInParts(before, scatter_before, after, scatter_after, device).linear_cka();
  const at::Tensor x = checked_rows(before, 1, 1), y = checked_rows(after, 1, 1);
  require_equal_count(x.size(0), "rows", y.size(0), "in the other embedding");
  const double norms = scatter_before.gram_norm() * scatter_after.gram_norm();
  if (!(norms > 0)) return kUndefined;
  const double unit_x = 1 / spread(scatter_before), unit_y = 1 / spread(scatter_after);
  Eigen::MatrixXd cross = Eigen::MatrixXd::Zero(x.size(1), y.size(1));
  add_float_products(x, scatter_before.mean, unit_x, y, scatter_after.mean, unit_y, cross);
  return cross.squaredNorm() / (norms * unit_x * unit_x * unit_y * unit_y);
}

double effective_rank(const Scatter& scatter) {
  const OneThread one_thread;
  // Eigen stores column after column, libtorch row after row: the upper triangle of one is the lower of the
  // other.
  const at::Tensor products = at::from_blob(const_cast<double*>(scatter.products.data()),
                                            {scatter.products.cols(), scatter.products.rows()}, at::kDouble);
  const at::Tensor squares = at::linalg_eigvalsh(products, "L");
  const Eigen::Map<const Eigen::ArrayXd> squared(squares.const_data_ptr<double>(), squares.size(0));
  // Below that an eigenvalue is rounding, whose root would count.
  const double least =
      static_cast<double>(squared.size()) * std::numeric_limits<double>::epsilon() * squared.maxCoeff();
  const Eigen::ArrayXd values = (squared > least).select(squared, 0.0).sqrt();
  const double sum = values.sum();
  if (!(sum > 0)) return kUndefined;
  double entropy = 0;
  for (const double value : values)
    if (value > 0) entropy -= value / sum * std::log(value / sum);
  return std::exp(entropy);
}

double class_separation(const Points& points, std::span<const std::int64_t> labels) {
  require_equal_count(static_cast<std::int64_t>(labels.size()), "labels", points.rows(), "points");
  const std::vector<ClassShape> shapes = class_shapes(points, labels);
  if (shapes.size() < 2) return kUndefined;
  double between = 0;
  double within = 0;
  for (std::size_t a = 0; a < shapes.size(); ++a) {
    within += shapes[a].spread;
    for (std::size_t b = a + 1; b < shapes.size(); ++b)
      between += (shapes[a].centre - shapes[b].centre).norm();
  }
  const auto classes = static_cast<double>(shapes.size());
  return (between / (classes * (classes - 1) / 2)) / (within / classes);
}

}  // namespace zoetrope::analysis
