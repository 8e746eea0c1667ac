// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/regions.hpp"

#include <cmath>
#include <limits>

#include "one_thread.hpp"

namespace zoetrope::analysis {

namespace {

constexpr double kNoRegion = std::numeric_limits<double>::quiet_NaN();

std::int64_t region_at(const PlaneClassifier& classifier, double x, double y) {
  Eigen::Index best = 0;
  double greatest = -std::numeric_limits<double>::infinity();
  for (Eigen::Index c = 0; c < classifier.rows(); ++c) {
    const double logit = classifier(c, 0) * x + classifier(c, 1) * y + classifier(c, 2);
    if (logit > greatest) greatest = logit, best = c;
  }
  return best;
}

}  // namespace

PlaneClassifier on_plane(const LinearClassifier& classifier, const Pca& plane,
                         const Eigen::VectorXd& through) {
  const OneThread one_thread;
  PlaneClassifier result(classifier.weight.rows(), 3);
  result.leftCols<2>() = classifier.weight * plane.components.transpose();
  const Eigen::Vector2d place = plane.components * (through - plane.mean);
  result.col(2) = classifier.weight * through + classifier.bias - result.leftCols<2>() * place;
  return result;
}

PlaneClassifier moved(const PlaneClassifier& classifier, const Eigen::Matrix2d& map,
                      const Eigen::RowVector2d& from, const Eigen::RowVector2d& to) {
  PlaneClassifier result(classifier.rows(), 3);
  const double determinant = map.determinant();
  if (!std::isfinite(determinant) || determinant == 0) return result.setConstant(kNoRegion), result;
  // p = (q - to) inverse + from, and a logit is p g + c.
  const Eigen::Matrix2d inverse = map.inverse();
  const Eigen::Matrix2Xd gradients = inverse * classifier.leftCols<2>().transpose();  // [2, C]
  result.leftCols<2>() = gradients.transpose();
  result.col(2) = classifier.col(2) + classifier.leftCols<2>() * from.transpose() -
                  gradients.transpose() * to.transpose();
  return result;
}

double region_agreement(const PlaneClassifier& classifier, const Points& points,
                        std::span<const std::int64_t> predictions) {
  if (!classifier.allFinite() || predictions.empty()) return kNoRegion;
  std::int64_t agreeing = 0;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    agreeing += region_at(classifier, points(row, 0), points(row, 1)) == predictions[i] ? 1 : 0;
  }
  return static_cast<double>(agreeing) / static_cast<double>(predictions.size());
}

}  // namespace zoetrope::analysis
