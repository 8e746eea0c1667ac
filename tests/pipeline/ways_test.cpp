// SPDX-License-Identifier: Apache-2.0
#include "ways.hpp"

#include <vector>

#include <ATen/ATen.h>
#include <Eigen/QR>
#include <gtest/gtest.h>

#include "zoetrope/analysis/alignment.hpp"
#include "zoetrope/analysis/motion.hpp"
#include "zoetrope/render/tween.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::pipeline {
namespace {

constexpr std::int64_t kRows = 80, kWidth = 12;

// Two checkpoints of random embeddings, as analysis.h5 has them.
class WaysTest : public ::testing::Test {
 protected:
  WaysTest() {
    at::manual_seed(3);
    rows_[0] = at::randn({kRows, kWidth}) * at::linspace(3, 0.3, kWidth);
    rows_[1] = rows_[0] + 0.5 * at::randn({kRows, kWidth});
    std::vector<analysis::Points> projected;
    for (int t = 0; t < 2; ++t) {
      planes_[t] = analysis::Pca::fit(analysis::Scatter::of(rows_[t]));
      projected.push_back(planes_[t].transform(rows_[t]));
    }
    shown_ = analysis::align_frames(projected, analysis::AlignTo::kPrevious).points;
    const analysis::Displacement displacement =
        analysis::displacement_between(rows_[0], planes_[0], rows_[1], planes_[1]);
    analysis_.step = {0, 20};
    analysis_.label.assign(kRows, 0);
    for (int t = 0; t < 2; ++t) {
      append(analysis_.pca, projected[t].data(), 2 * kRows);
      append(analysis_.aligned, shown_[t].data(), 2 * kRows);
      maps_[t] = analysis::map_of_plane(projected[t], shown_[t]);
    }
    analysis_.before_on_plane.assign(2 * kRows, 0);
    append(analysis_.before_on_plane, displacement.before_on_plane.data(), 2 * kRows);
    analysis_.on_plane_before.assign(2 * kRows, 0);
    append(analysis_.on_plane_before, displacement.on_plane_before.data(), 2 * kRows);
    analysis_.plane_cosines.assign(4, 0);
    const Eigen::Matrix<double, 2, 2, Eigen::RowMajor> cosines = displacement.cosines;
    append(analysis_.plane_cosines, cosines.data(), 4);
  }

  template <typename T, typename U>
  static void append(std::vector<T>& to, const U* values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) to.push_back(static_cast<T>(values[i]));
  }

  // The points of an in-between frame, as the animation has them.
  analysis::Points drawn(int tween, std::size_t i) {
    std::vector<render::Frame> frames(2);
    for (std::size_t t = 0; t < 2; ++t)
      frames[t].points = std::span(analysis_.aligned).subspan(2 * kRows * t, 2 * kRows);
    frames[1].way = way_to(analysis_, 1);
    const render::Frame frame = render::animation_frame(frames, {.tween = tween}, i);
    return Eigen::Map<const analysis::Points>(frame.points.data(), kRows, 2);
  }

  at::Tensor rows_[2];
  analysis::Pca planes_[2];
  Eigen::Matrix2d maps_[2];
  std::vector<analysis::Points> shown_;
  store::Analysis analysis_;
};

TEST_F(WaysTest, EachPictureBetweenIsAProjectionOfTheEmbeddingBetween) {
  for (const int i : {1, 2, 3}) {
    const double share = i / 4.0;
    const at::Tensor between = ((1 - share) * rows_[0] + share * rows_[1]).to(at::kDouble);
    const at::Tensor centred = between - between.mean(0, true);
    const Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>> x(centred.const_data_ptr<double>(),
                                                                             kRows, kWidth);
    const analysis::Points picture = drawn(3, static_cast<std::size_t>(i));
    const analysis::Points centred_picture = picture.rowwise() - picture.colwise().mean();
    // The plane with the least squares: it explains the picture, and its axes are at right angles and as
    // long.
    const Eigen::MatrixX2d plane = x.completeOrthogonalDecomposition().solve(centred_picture);
    EXPECT_LT((x * plane - centred_picture).norm(), 1e-5 * centred_picture.norm());
    const Eigen::Matrix2d gram = plane.transpose() * plane;
    EXPECT_NEAR(gram(0, 1), 0, 1e-4 * gram(0, 0));
    EXPECT_NEAR(gram(1, 1), gram(0, 0), 1e-4 * gram(0, 0));
  }
}

TEST_F(WaysTest, BeginAndEndWhereTheFramesAre) {
  const render::Way::Mix first = way_to(analysis_, 1)->mix(0), last = way_to(analysis_, 1)->mix(1);
  EXPECT_LT((drawn(100000, 1) - shown_[0]).cwiseAbs().maxCoeff(), 1e-3);
  EXPECT_LT((drawn(100000, 100000) - shown_[1]).cwiseAbs().maxCoeff(), 1e-3);
  EXPECT_EQ(drawn(1, 0), shown_[0]);
  EXPECT_NEAR(first.factor[0][0], maps_[0](0, 0), 1e-9);
  EXPECT_NEAR(last.factor[6][0], maps_[1](0, 0), 1e-9);
}

TEST_F(WaysTest, TakeAnAnalysisThatKeptWhatTheyNeed) {
  analysis_.before_on_plane.clear();
  EXPECT_THROW(way_to(analysis_, 1), UsageError);
}

}  // namespace
}  // namespace zoetrope::pipeline
