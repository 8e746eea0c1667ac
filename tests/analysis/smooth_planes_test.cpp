// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/smooth_planes.hpp"

#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <Eigen/Eigenvalues>
#include <gtest/gtest.h>

#include "zoetrope/analysis/alignment.hpp"
#include "zoetrope/support/error.hpp"

#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

using Products = std::vector<Eigen::MatrixXd>;

constexpr int kWidth = 12;

// Rows whose widest directions wander from frame to frame.
std::vector<at::Tensor> wandering_rows(int count) {
  const at::Tensor base = random_rows(300, kWidth);
  const at::Tensor widths = at::linspace(3, 0.5, kWidth);
  std::vector<at::Tensor> frames;
  for (int t = 0; t < count; ++t) {
    const at::Tensor turn =
        std::get<0>(at::linalg_qr(at::eye(kWidth) + 0.15 * t * random_rows(kWidth, kWidth, 5)));
    frames.push_back(at::mm(base * widths, turn).contiguous());
  }
  return frames;
}

Products products_of(const std::vector<at::Tensor>& frames) {
  Products products;
  for (const at::Tensor& rows : frames) products.push_back(normalised_products(Scatter::of(rows)));
  return products;
}

Eigen::MatrixXd all_axes() {
  return Eigen::MatrixXd::Identity(kWidth, kWidth);
}

Eigen::MatrixXd projector(const Plane& plane) {
  return plane * plane.transpose();
}

double objective(const Products& products, const std::vector<Plane>& planes, double smoothness) {
  double sum = 0;
  for (std::size_t t = 0; t < planes.size(); ++t) {
    sum += (planes[t].transpose() * products[t] * planes[t]).trace();
    if (t > 0) sum -= smoothness / 4 * (projector(planes[t]) - projector(planes[t - 1])).squaredNorm();
  }
  return sum;
}

Plane two_leading(const Eigen::MatrixXd& symmetric) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(symmetric).eigenvectors().rightCols(2);
}

TEST(SmoothPlanes, AreEachTheBestBesideTheirNeighbours) {
  const Products products = products_of(wandering_rows(7));
  const double smoothness = 0.4;
  const auto planes = smooth_planes(all_axes(), products, smoothness);

  for (std::size_t t = 0; t < planes.size(); ++t) {
    EXPECT_LT((planes[t].transpose() * planes[t] - Eigen::Matrix2d::Identity()).norm(), 1e-13);
    Eigen::MatrixXd sum = products[t];
    if (t > 0) sum += smoothness / 2 * projector(planes[t - 1]);
    if (t + 1 < planes.size()) sum += smoothness / 2 * projector(planes[t + 1]);
    EXPECT_LT((projector(two_leading(sum)) - projector(planes[t])).norm(), 1e-9) << "frame " << t;
  }
}

TEST(SmoothPlanes, AreBetterThanWhatIsNearThem) {
  const Products products = products_of(wandering_rows(5));
  const auto planes = smooth_planes(all_axes(), products, 1.0);
  const double best = objective(products, planes, 1.0);

  for (std::uint32_t seed = 1; seed < 20; ++seed) {
    std::vector<Plane> others;
    for (std::size_t t = 0; t < planes.size(); ++t) {
      const at::Tensor noise =
          random_rows(kWidth, 2, 100 * seed + static_cast<std::uint32_t>(t)).to(at::kDouble);
      const Eigen::Map<const Eigen::MatrixXd> off(noise.const_data_ptr<double>(), kWidth, 2);
      others.emplace_back(two_leading(projector(planes[t] + 0.05 * off)));
    }
    EXPECT_LT(objective(products, others, 1.0), best);
  }
}

TEST(SmoothPlanes, AreEachCheckpointsOwnWhereNothingHoldsThem) {
  const auto frames = wandering_rows(4);
  const auto planes = smooth_planes(all_axes(), products_of(frames), 1e-9);

  for (std::size_t t = 0; t < frames.size(); ++t) {
    const Plane own = Pca::fit(Scatter::of(frames[t])).components.transpose();
    EXPECT_LT((projector(own) - projector(planes[t])).norm(), 1e-6) << "frame " << t;
  }
  // The last is turned as its PCA is, signs included.
  const Plane last = Pca::fit(Scatter::of(frames.back())).components.transpose();
  EXPECT_LT((planes.back() - last).norm(), 1e-6);
}

TEST(SmoothPlanes, AreAllTheSameWhereTheyAreHeldTight) {
  const Products products = products_of(wandering_rows(4));
  const auto planes = smooth_planes(all_axes(), products, 1e5);
  Eigen::MatrixXd sum = products[0] + products[1] + products[2] + products[3];

  for (const Plane& plane : planes) EXPECT_LT((projector(two_leading(sum)) - projector(plane)).norm(), 1e-3);
}

TEST(SmoothPlanes, TurnTheirColumnsAsNearToTheNextOnesAsTheyCan) {
  const auto planes = smooth_planes(all_axes(), products_of(wandering_rows(6)), 0.3);

  for (std::size_t t = 0; t + 1 < planes.size(); ++t) {
    const Eigen::Matrix2d cross = planes[t].transpose() * planes[t + 1];
    EXPECT_LT((cross - cross.transpose()).norm(), 1e-12);  // the orthogonal factor of a nearest turn is I
    EXPECT_GT(cross.trace(), 0);
  }
}

TEST(SmoothPlanes, TurnWithTheSpace) {
  const auto frames = wandering_rows(4);
  const at::Tensor turn = std::get<0>(at::linalg_qr(random_rows(kWidth, kWidth, 3)));
  std::vector<at::Tensor> turned;
  for (const at::Tensor& rows : frames) turned.push_back(at::mm(rows, turn).contiguous());
  const auto planes = smooth_planes(all_axes(), products_of(frames), 0.5);
  const auto turned_planes = smooth_planes(all_axes(), products_of(turned), 0.5);

  for (std::size_t t = 0; t < frames.size(); ++t) {
    const Points points = Pca::onto(planes[t], Scatter::of(frames[t])).transform(frames[t]);
    const Points others = Pca::onto(turned_planes[t], Scatter::of(turned[t])).transform(turned[t]);
    // Up to the signs of the last frame's axes.
    EXPECT_LT((points.cwiseAbs() - others.cwiseAbs()).cwiseAbs().maxCoeff(), 1e-4) << "frame " << t;
  }
}

TEST(SmoothPlanes, FollowALookThatTurnsIntoAnother) {
  // Nothing in common: no plane may be stuck where the other one is.
  Products products = {Eigen::MatrixXd::Zero(4, 4), Eigen::MatrixXd::Zero(4, 4)};
  products[0].diagonal() << 0.55, 0.45, 0, 0;
  products[1].diagonal() << 0, 0, 0.6, 0.4;
  const auto planes = smooth_planes(Eigen::MatrixXd::Identity(4, 4), products, 0.1);

  EXPECT_LT((projector(planes[0]) - projector(two_leading(products[0]))).norm(), 1e-9);
  EXPECT_LT((projector(planes[1]) - projector(two_leading(products[1]))).norm(), 1e-9);
}

TEST(SmoothPlanes, TakeRowsThatAreAllEqualAndOneFrame) {
  const Products nothing = {Eigen::MatrixXd::Zero(3, 3), Eigen::MatrixXd::Zero(3, 3)};
  for (const Plane& plane : smooth_planes(Eigen::MatrixXd::Identity(3, 3), nothing, 1.0))
    EXPECT_LT((plane.transpose() * plane - Eigen::Matrix2d::Identity()).norm(), 1e-13);

  const auto frames = wandering_rows(1);
  const auto planes = smooth_planes(all_axes(), products_of(frames), 1.0);
  EXPECT_LT((planes.front() - Pca::fit(Scatter::of(frames.front())).components.transpose()).norm(), 1e-6);
}

TEST(LeadingAxes, AreThoseOfTheLargestEigenvalues) {
  const Eigen::MatrixXd symmetric = products_of(wandering_rows(1)).front();
  const Eigen::MatrixXd axes = leading_axes(symmetric, 5);
  const Eigen::VectorXd values = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(symmetric).eigenvalues();

  ASSERT_EQ(axes.cols(), 5);
  for (int c = 0; c < 5; ++c)
    EXPECT_LT((symmetric * axes.col(c) - values[kWidth - 1 - c] * axes.col(c)).norm(), 1e-12);
  EXPECT_EQ(leading_axes(symmetric, 64).cols(), kWidth);
  EXPECT_THROW(leading_axes(Eigen::MatrixXd::Ones(1, 1), 64), InputError);
}

TEST(AlongAxes, GivesTheSameBitsOnAnyNumberOfThreads) {
  const Eigen::MatrixXd products = normalised_products(Scatter::of(random_rows(600, 500)));
  const Eigen::MatrixXd axes = leading_axes(products, 64);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Eigen::MatrixXd one = along_axes(products, axes);
  at::set_num_threads(4);
  const Eigen::MatrixXd four = along_axes(products, axes);
  at::set_num_threads(before);

  EXPECT_EQ(one, four);
  EXPECT_LT((one - axes.transpose() * products * axes).norm(), 1e-12);
}

TEST(PcaOnto, ExplainsOfItsRowsWhatThePlaneHolds) {
  const at::Tensor rows = wandering_rows(1).front();
  const Pca own = Pca::fit(Scatter::of(rows));
  const Pca onto = Pca::onto(own.components.transpose(), Scatter::of(rows));

  EXPECT_LT((onto.explained_variance - own.explained_variance).norm(), 1e-12);
  EXPECT_LT((onto.explained_variance_ratio - own.explained_variance_ratio).norm(), 1e-12);
  EXPECT_EQ(onto.mean, own.mean);
}

TEST(AlignFrames, GivesAllFramesOneScaleOrEachItsOwn) {
  Points small = Points::Zero(2, 2), large = Points::Zero(2, 2);
  small(0, 0) = 1;
  large(1, 1) = -4;
  const auto each = align_frames({small, large}, AlignTo::kNone, ScaleOf::kFrame);
  const auto all = align_frames({small, large}, AlignTo::kNone, ScaleOf::kRun);

  EXPECT_EQ(each.points[0](0, 0), 5);
  EXPECT_EQ(each.points[1](1, 1), -5);
  EXPECT_EQ(all.points[0](0, 0), 1.25);
  EXPECT_EQ(all.points[1](1, 1), -5);
}

}  // namespace
}  // namespace zoetrope::analysis
