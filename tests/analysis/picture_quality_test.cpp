// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/picture_quality.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include "analysis/golden.hpp"
#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

using ::testing::Each;
using ::testing::ElementsAreArray;

// The place of `other` in the order of all rows but `row`, by float64 distances of each pair; those equally
// far in the order of their numbers.
std::int64_t rank_by_hand(const at::Tensor& distances, std::int64_t row, std::int64_t other) {
  const auto* of_row = distances.const_data_ptr<double>() + row * distances.size(1);
  std::int64_t rank = 1;
  for (std::int64_t i = 0; i < distances.size(1); ++i)
    if (i != row && (of_row[i] < of_row[other] || (of_row[i] == of_row[other] && i < other))) ++rank;
  return rank;
}

std::vector<std::int64_t> ranks_by_hand(const at::Tensor& rows, const RankQuery& query) {
  const at::Tensor wide = rows.to(at::kDouble);
  const at::Tensor distances = (wide.unsqueeze(0) - wide.unsqueeze(1)).square().sum(2);
  const std::size_t k = query.others.size() / query.rows.size();
  std::vector<std::int64_t> ranks;
  for (std::size_t i = 0; i < query.others.size(); ++i)
    ranks.push_back(rank_by_hand(distances, query.rows[i / k], query.others[i]));
  return ranks;
}

// Of each of `rows` three others, far and near.
RankQuery query_of(std::vector<std::int64_t> rows, std::int64_t num_rows) {
  RankQuery query{std::move(rows), {}, {}};
  for (const std::int64_t row : query.rows)
    for (const std::int64_t step : {1, 7, 111}) query.others.push_back((row + step) % num_rows);
  return query;
}

TEST(RankQuery, IsAnsweredExactlyByTheWayAndApart) {
  constexpr std::int64_t kRows = 700;  // more than a tile
  const at::Tensor rows = random_rows(kRows, 5);
  const at::Tensor with_equals = rows.clone();
  with_equals.narrow(0, 600, 50).copy_(rows.narrow(0, 0, 50));
  for (const at::Tensor& some : {rows, with_equals}) {
    for (const std::int64_t step : {1, 3}) {
      for (const TensorDevice device : {TensorDevice(), TensorDevice(at::Device(at::kCPU))}) {
        RankQuery query = query_of(up_to(kRows, step), kRows);
        nearest_neighbours(some, 4, Metric::kEuclidean, {.device = device}, &query);
        EXPECT_THAT(query.ranks, ElementsAreArray(ranks_by_hand(some, query)));
      }
    }
  }
}

TEST(RankQuery, TakesMoreOthersThanAreCountedAtOnce) {
  constexpr std::int64_t kRows = 300;
  const at::Tensor rows = (9 * random_rows(kRows, 5)).round();  // many are equally far
  for (const std::int64_t step : {1, 2}) {
    RankQuery query{up_to(kRows, step), {}, {}};
    for (const std::int64_t row : query.rows)
      for (std::int64_t n = 1; n <= 37; ++n) query.others.push_back((row + 5 * n) % kRows);
    nearest_neighbours(rows, 4, Metric::kEuclidean, {}, &query);
    EXPECT_THAT(query.ranks, ElementsAreArray(ranks_by_hand(rows, query)));
  }
}

// Rows of which each has others that are equal, equally far, or in the same direction.
at::Tensor tied_rows(std::int64_t num_rows, std::int64_t num_columns) {
  at::Tensor rows = grid_rows(num_rows, num_columns, 2) + 1;
  rows.narrow(0, num_rows / 2, num_rows / 4).copy_(3 * rows.narrow(0, 0, num_rows / 4));
  return rows;
}

TEST(RankQuery, NumbersNeighboursFromOneInTheirOrder) {
  constexpr std::int64_t kRows = 400, kOthers = 20;
  const at::Tensor turning = at::arange(1, kRows + 1, at::kFloat).unsqueeze(1);
  const at::Tensor on_a_line = turning * at::tensor({1.0F, 2.0F, 2.0F});
  for (const at::Tensor& rows : {random_rows(kRows, 5), tied_rows(kRows, 5), on_a_line})
    for (const Metric metric : {Metric::kCosine, Metric::kEuclidean})
      for (const TensorDevice device : {TensorDevice(), TensorDevice(at::Device(at::kCPU))}) {
        RankQuery query{up_to(kRows), nearest_neighbours(rows, kOthers, metric).index, {}};
        nearest_neighbours(rows, 4, metric, {.device = device}, &query);
        for (std::size_t i = 0; i < query.ranks.size(); ++i)
          ASSERT_EQ(query.ranks[i], i % kOthers + 1) << i << ", columns " << rows.size(1);
      }
}

TEST(RankQuery, ChangesNoNeighbourAndHasTheSameAnswerOnAnyThreads) {
  const at::Tensor rows = random_rows(900, 40);
  const int threads = at::get_num_threads();
  RankQuery one = query_of(up_to(900), 900), three = one;
  at::set_num_threads(1);
  const Neighbours asked = nearest_neighbours(rows, 6, Metric::kCosine, {}, &one);
  at::set_num_threads(3);
  const Neighbours plain = nearest_neighbours(rows, 6, Metric::kCosine);
  nearest_neighbours(rows, 6, Metric::kCosine, {}, &three);
  at::set_num_threads(threads);

  EXPECT_EQ(asked.index, plain.index);
  EXPECT_EQ(asked.distance, plain.distance);
  EXPECT_EQ(one.ranks, three.ranks);
}

PictureQuality quality_of(const at::Tensor& rows, const Points& points, std::int64_t k, Metric metric,
                          const std::vector<std::int64_t>& labels = {}) {
  PictureNeighbours in_picture = neighbours_in_picture(points, k);
  const Neighbours found = nearest_neighbours(rows, k, metric, {}, &in_picture.query);
  const std::vector<std::int64_t> none(static_cast<std::size_t>(points.rows()), 0);
  return picture_quality(points, in_picture, found, labels.empty() ? none : labels);
}

TEST(PictureQuality, EqualsScikitLearnsTrustworthiness) {
  const Golden golden;
  const support::Json& drift = golden.at("drift");
  const at::Tensor rows = golden.rows(drift.at("before"));
  const Points points = golden.points(drift.at("points"));

  EXPECT_NEAR(quality_of(rows, points, 10, Metric::kCosine).mean_trust,
              drift.at("trustworthiness_cosine").get<double>(), 1e-9);
  EXPECT_NEAR(quality_of(rows, points, 10, Metric::kEuclidean).mean_trust,
              drift.at("trustworthiness_euclidean").get<double>(), 1e-9);
}

TEST(PictureQuality, IsOneWhereThePictureIsTheEmbedding) {
  const at::Tensor rows = random_rows(600, 2);
  Points points(600, 2);
  std::copy_n(rows.const_data_ptr<float>(), 1200, points.data());
  const PictureQuality quality = quality_of(rows, points, 10, Metric::kEuclidean);

  EXPECT_THAT(quality.trust, Each(1.0));
  EXPECT_THAT(quality.continuity, Each(1.0));
  EXPECT_EQ(quality.neighbours_shown, 1.0);
  EXPECT_EQ(quality.same_label, 1.0);
}

TEST(PictureQuality, IsTheSameOfRowsInAnotherOrder) {
  constexpr std::int64_t kRows = 400;
  const at::Tensor rows = random_rows(kRows, 12);
  const Points points = Pca::fit(Scatter::of(rows)).transform(rows);
  const at::Tensor order = at::randperm(kRows, at::kLong);
  Points shuffled(kRows, 2);
  for (std::int64_t i = 0; i < kRows; ++i) shuffled.row(i) = points.row(order[i].item<std::int64_t>());
  const PictureQuality quality = quality_of(rows, points, 7, Metric::kCosine);
  const PictureQuality other = quality_of(rows.index_select(0, order), shuffled, 7, Metric::kCosine);

  EXPECT_NEAR(other.mean_trust, quality.mean_trust, 1e-12);
  for (std::int64_t i = 0; i < kRows; ++i) {
    EXPECT_EQ(other.trust[i], quality.trust[order[i].item<std::int64_t>()]);
    EXPECT_EQ(other.continuity[i], quality.continuity[order[i].item<std::int64_t>()]);
  }
}

TEST(PictureQuality, FindsNeighboursAmongPointsThatAreEquallyFar) {
  Points grid(400, 2);
  for (Eigen::Index i = 0; i < 400; ++i)
    grid.row(i) << static_cast<double>(i % 20), static_cast<double>(i / 20);
  const PictureNeighbours found = neighbours_in_picture(grid, 4);

  ASSERT_EQ(found.k, 4);
  EXPECT_THAT(std::vector(found.query.others.begin() + 4 * 210, found.query.others.begin() + 4 * 211),
              ElementsAreArray({190, 209, 211, 230}));  // ties by index
}

Points points_of(const at::Tensor& rows) {
  Points points(rows.size(0), 2);
  std::copy_n(rows.const_data_ptr<float>(), 2 * rows.size(0), points.data());
  return points;
}

TEST(PictureQuality, CountsPointsThatAreEquallyFarInTheOrderOfTheirNumbers) {
  constexpr std::int64_t kRows = 500, kOthers = 15;
  const at::Tensor rows = grid_rows(kRows, 5, 3);
  const at::Tensor shown = rows.narrow(1, 0, 2).contiguous();  // 16 places for 500 points
  const PictureQuality quality = quality_of(rows, points_of(shown), kOthers, Metric::kEuclidean);
  RankQuery real{up_to(kRows), nearest_neighbours(rows, kOthers, Metric::kEuclidean).index, {}};
  RankQuery drawn{up_to(kRows), nearest_neighbours(shown, kOthers, Metric::kEuclidean).index, {}};
  const std::vector<std::int64_t> of_drawn = ranks_by_hand(rows, drawn), of_real = ranks_by_hand(shown, real);

  const double most = kOthers * (2 * kRows - 3 * kOthers - 1) / 2.0;
  for (std::int64_t i = 0; i < kRows; ++i) {
    double trust = 0, continuity = 0;
    for (std::int64_t n = i * kOthers; n < (i + 1) * kOthers; ++n) {
      trust += static_cast<double>(std::max<std::int64_t>(0, of_drawn[n] - kOthers));
      continuity += static_cast<double>(std::max<std::int64_t>(0, of_real[n] - kOthers));
    }
    EXPECT_EQ(quality.trust[i], 1 - trust / most);
    EXPECT_EQ(quality.continuity[i], 1 - continuity / most);
  }
}

TEST(PictureQuality, IsOneWhereThePictureIsTheEmbeddingAndPointsAreEquallyFar) {
  const at::Tensor rows = grid_rows(600, 2, 9);
  const PictureQuality quality = quality_of(rows, points_of(rows), 10, Metric::kEuclidean);

  EXPECT_THAT(quality.trust, Each(1.0));
  EXPECT_THAT(quality.continuity, Each(1.0));
  EXPECT_EQ(quality.neighbours_shown, 1.0);
}

TEST(PictureQuality, IsUnknownOfTooFewImages) {
  const PictureQuality two = quality_of(random_rows(2, 3), Points::Random(2, 2), 5, Metric::kEuclidean);
  EXPECT_TRUE(std::isnan(two.mean_trust));
  EXPECT_THAT(two.trust, ::testing::SizeIs(2));

  const PictureQuality five = quality_of(random_rows(5, 3), Points::Random(5, 2), 5, Metric::kEuclidean);
  EXPECT_FALSE(std::isnan(five.mean_trust));  // of two neighbours
}

TEST(ImagesToJudge, AreAllOrTheSameFiveThousand) {
  EXPECT_EQ(images_to_judge(20000), up_to(20000));
  const auto sample = images_to_judge(20001);

  EXPECT_EQ(sample, images_to_judge(20001));
  EXPECT_EQ(std::set<std::int64_t>(sample.begin(), sample.end()).size(), 5000);
  EXPECT_TRUE(std::ranges::is_sorted(sample));
  std::int64_t low = 0;
  for (const std::int64_t image : sample) low += image < 10000 ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(low), 2500, 200);  // evenly scattered
}

}  // namespace
}  // namespace zoetrope::analysis
