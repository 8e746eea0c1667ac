// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/motion.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/QR>

#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/error.hpp"

#include "kendall.hpp"
#include "moments.hpp"
#include "one_thread.hpp"
#include "order.hpp"
#include "rows.hpp"
#include "vector_math.hpp"

namespace zoetrope::analysis {

namespace {

constexpr double kNoMotion = std::numeric_limits<double>::quiet_NaN();
// Squared lengths of differences are themselves differences of the pictures' squared lengths: below that part
// of these they are rounding.
constexpr double kRounding = 1e-13;

using Frame8 = Eigen::Matrix<double, 8, 2>;

Points centred(const Points& points) {
  return points.rowwise() - points.colwise().mean();
}

std::vector<double> distances(const at::Tensor& a, const at::Tensor& b) {
  const std::int64_t width = a.size(1);
  const float* x = a.const_data_ptr<float>();
  const float* y = b.const_data_ptr<float>();
  std::vector<double> all(static_cast<std::size_t>(a.size(0)));
  compute::for_each_range(a.size(0), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      all[static_cast<std::size_t>(i)] = std::sqrt(squared_distance(x + i * width, y + i * width, width));
  });
  return all;
}

// The squared length of the columns of M that `weights` adds up to.
double squared_length(const Displacement& displacement, const Frame8& weights) {
  return std::max(0.0, (weights.transpose() * displacement.products * weights).trace());
}

double squared_lengths_of_pictures(const Displacement& displacement, const Eigen::Matrix2d& map_before,
                                   const Eigen::Matrix2d& map_after) {
  Frame8 before = Frame8::Zero(), after = Frame8::Zero();
  after.topRows<2>() = map_after;
  before.bottomRows<2>() = map_before;
  return squared_length(displacement, before) + squared_length(displacement, after);
}

// Of a map that turns, mirrors and scales: by how much.
double scale_of(const Eigen::Matrix2d& map) {
  return map.norm() / std::sqrt(2.0);
}

using Values = Eigen::Map<const Eigen::VectorXd>;

double pearson_of(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
  const Eigen::VectorXd x = a.array() - a.mean(), y = b.array() - b.mean();
  const double norms = x.norm() * y.norm();
  return norms > 0 ? x.dot(y) / norms : kNoMotion;
}

// From 1; values that are equal have the mean of theirs.
Eigen::VectorXd ranks_of(const Eigen::VectorXd& values) {
  const auto order = ascending_order({values.data(), static_cast<std::size_t>(values.size())});
  const auto value = [&](std::size_t place) { return values[static_cast<Eigen::Index>(order[place])]; };
  Eigen::VectorXd ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && value(last) == value(first)) ++last;
    const double rank = static_cast<double>(first + 1 + last) / 2;
    for (; first < last; ++first) ranks[static_cast<Eigen::Index>(order[first])] = rank;
  }
  return ranks;
}

}  // namespace

Displacement displacement_between(const at::Tensor& before, const Pca& plane_before, const at::Tensor& after,
                                  const Pca& plane_after) {
  const at::Tensor x0 = checked_rows(before, 1, 2), x1 = checked_rows(after, 1, 2);
  if (x0.sizes() != x1.sizes()) throw InputError("analysis: two frames are not of as many images or columns");
  Displacement displacement;
  displacement.distance = distances(x1, x0);
  const Values moved(displacement.distance.data(), static_cast<Eigen::Index>(displacement.distance.size()));
  const Eigen::VectorXd shift = column_means(x1) - column_means(x0);
  displacement.squared_length =
      std::max(0.0, moved.squaredNorm() - static_cast<double>(moved.size()) * shift.squaredNorm());
  Eigen::Matrix<double, Eigen::Dynamic, 8> all(x0.size(0), 8);
  all << centred(plane_after.transform(x1)), centred(plane_after.transform(x0)),
      centred(plane_before.transform(x1)), centred(plane_before.transform(x0));
  const OneThread one_thread;
  displacement.products = all.transpose() * all;
  const Points before_on_plane = all.middleCols<2>(2), on_plane_before = all.middleCols<2>(4);
  displacement.before_on_plane.assign(before_on_plane.data(),
                                      before_on_plane.data() + before_on_plane.size());
  displacement.on_plane_before.assign(on_plane_before.data(),
                                      on_plane_before.data() + on_plane_before.size());
  displacement.cosines = plane_before.components * plane_after.components.transpose();
  return displacement;
}

Eigen::Matrix2d map_of_plane(const Points& projected, const Points& shown) {
  const OneThread one_thread;
  const Points from = centred(projected), to = centred(shown);
  const Eigen::Matrix2d products = from.transpose() * from;
  const Eigen::Matrix2d wanted = from.transpose() * to;
  return products.completeOrthogonalDecomposition().solve(wanted);
}

Motion motion_of(const Displacement& displacement, const Eigen::Matrix2d& map_before,
                 const Eigen::Matrix2d& map_after) {
  Frame8 data, camera;
  data << map_after, -map_after, map_before, -map_before;
  camera << map_after, map_after, -map_before, -map_before;
  const double of_data = squared_length(displacement, data / 2),
               of_camera = squared_length(displacement, camera / 2);
  const bool moves =
      of_data + of_camera > kRounding * squared_lengths_of_pictures(displacement, map_before, map_after);
  const double scale = (scale_of(map_before) + scale_of(map_after)) / 2;
  const double whole = scale * scale * displacement.squared_length;
  return {moves ? of_camera / (of_data + of_camera) : kNoMotion, whole > 0 ? of_data / whole : kNoMotion};
}

Stability stability(const std::vector<double>& moved, const Points& shown_before, const Points& shown_after) {
  const Values a(moved.data(), static_cast<Eigen::Index>(moved.size()));
  const Eigen::VectorXd b = (shown_after - shown_before).rowwise().norm();
  Stability result{pearson_of(a, b), pearson_of(ranks_of(a), ranks_of(b)),
                   kendall_tau(moved, {b.data(), static_cast<std::size_t>(b.size())}), kNoMotion};
  if (a.size() == 0 || !(a.maxCoeff() > 0) || !(b.maxCoeff() > 0)) return result;
  const Eigen::VectorXd x = a / a.maxCoeff(), y = b / b.maxCoeff();
  result.stress = (x - y).squaredNorm() / x.squaredNorm();
  return result;
}

}  // namespace zoetrope::analysis
