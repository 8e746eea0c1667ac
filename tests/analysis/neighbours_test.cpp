// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<double> row_of(const at::Tensor& rows, std::int64_t i) {
  const float* data = rows.const_data_ptr<float>() + i * rows.size(1);
  return {data, data + rows.size(1)};
}

double length(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  const double norm = std::sqrt(sum);
  return norm < 10.0 * std::numeric_limits<float>::epsilon() ? 1.0 : norm;
}

double reference_distance(const std::vector<double>& x, const std::vector<double>& y, Metric metric) {
  if (x == y) return 0;
  double product = 0;
  double squares = 0;
  for (std::size_t d = 0; d < x.size(); ++d) {
    product += x[d] * y[d];
    squares += (x[d] - y[d]) * (x[d] - y[d]);
  }
  if (metric == Metric::kEuclidean) return std::sqrt(squares);
  return std::clamp(1 - product / (length(x) * length(y)), 0.0, 2.0);
}

// Every distance in float64, sorted: what the search must equal.
Neighbours brute_force(const at::Tensor& rows, std::int64_t k, Metric metric) {
  Neighbours all;
  all.k = std::min(k, rows.size(0) - 1);
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    const std::vector<double> x = row_of(rows, i);
    std::vector<std::pair<double, std::int64_t>> others;
    for (std::int64_t j = 0; j < rows.size(0); ++j) {
      if (j != i) others.emplace_back(reference_distance(x, row_of(rows, j), metric), j);
    }
    std::partial_sort(others.begin(), others.begin() + all.k, others.end());
    for (std::int64_t n = 0; n < all.k; ++n) {
      all.distance.push_back(others[n].first);
      all.index.push_back(others[n].second);
    }
  }
  return all;
}

// Of the search by this rank's cores; the one by tensor operations must have the same bits.
void expect_as_brute_force(const at::Tensor& rows, std::int64_t k, Metric metric, double unit = 1.0) {
  const Neighbours found = nearest_neighbours(rows, k, metric);
  const Neighbours by_tensors = nearest_neighbours(rows, k, metric, {.device = at::Device(at::kCPU)});
  ASSERT_EQ(by_tensors.index, found.index);
  ASSERT_EQ(by_tensors.distance, found.distance);
  const Neighbours expected = brute_force(rows, k, metric);
  ASSERT_EQ(found.k, expected.k);
  ASSERT_EQ(found.distance.size(), expected.distance.size());
  ASSERT_EQ(found.index.size(), expected.index.size());
  for (std::size_t n = 0; n < found.distance.size(); ++n) {
    ASSERT_NEAR(found.distance[n], expected.distance[n], 1e-9 * unit) << "row " << n / found.k;
    const auto i = static_cast<std::int64_t>(n) / found.k;
    ASSERT_NEAR(found.distance[n], reference_distance(row_of(rows, i), row_of(rows, found.index[n]), metric),
                1e-9 * unit);
    ASSERT_NE(found.index[n], i);
  }
}

TEST(MetricFor, IsCosineAboveThreeColumns) {
  EXPECT_EQ(metric_for(3), Metric::kEuclidean);
  EXPECT_EQ(metric_for(4), Metric::kCosine);
}

TEST(NearestNeighbours, OfPointsOnALineAreAsDrawn) {
  const at::Tensor rows = at::tensor({0.0F, 1.0F, 3.0F, 7.0F}).reshape({4, 1});

  const Neighbours found = nearest_neighbours(rows, 2, Metric::kEuclidean);

  EXPECT_THAT(found.index, ElementsAre(1, 2, 0, 2, 1, 0, 2, 1));
  EXPECT_THAT(found.distance, ElementsAre(1, 3, 1, 2, 2, 3, 4, 6));
}

TEST(NearestNeighbours, TiesGoToTheLowerIndex) {
  const at::Tensor rows = at::tensor({0.0F, 1.0F, -1.0F, 1.0F, 1.0F}).reshape({5, 1});

  const Neighbours found = nearest_neighbours(rows, 3, Metric::kEuclidean);

  const std::vector<std::int64_t> of_the_first(found.index.begin(), found.index.begin() + 3);
  EXPECT_THAT(of_the_first, ElementsAre(1, 2, 3));
  const std::vector<std::int64_t> of_the_fourth(found.index.begin() + 9, found.index.begin() + 12);
  EXPECT_THAT(of_the_fourth, ElementsAre(1, 4, 0));
}

TEST(NearestNeighbours, KIsCutToTheOtherRows) {
  const Neighbours found = nearest_neighbours(random_rows(3, 5), 10, Metric::kCosine);

  EXPECT_EQ(found.k, 2);
  EXPECT_EQ(found.index.size(), 6U);
}

struct Size {
  std::int64_t rows, columns, k;
};

class NearestNeighboursOf : public ::testing::TestWithParam<Size> {};

// 1301 rows make several tiles, the last of them narrow.
INSTANTIATE_TEST_SUITE_P(Sizes, NearestNeighboursOf,
                         ::testing::Values(Size{2, 4, 1}, Size{2, 1, 10}, Size{11, 7, 10}, Size{101, 3, 10},
                                           Size{129, 1, 5}, Size{997, 17, 10}, Size{1301, 33, 1},
                                           Size{1301, 64, 40}, Size{211, 5, 210}),
                         [](const auto& test) {
                           return std::to_string(test.param.rows) + "x" + std::to_string(test.param.columns) +
                                  "k" + std::to_string(test.param.k);
                         });

TEST_P(NearestNeighboursOf, EqualBruteForceByCosine) {
  const Size size = GetParam();
  expect_as_brute_force(random_rows(size.rows, size.columns), size.k, Metric::kCosine);
}

TEST_P(NearestNeighboursOf, EqualBruteForceByEuclidean) {
  const Size size = GetParam();
  expect_as_brute_force(random_rows(size.rows, size.columns), size.k, Metric::kEuclidean);
}

TEST(NearestNeighbours, HoldWhereEqualRowsAreMoreThanK) {
  const at::Tensor rows = grid_rows(400, 2, 4);  // 25 distinct rows, 16 of each

  for (const Metric metric : {Metric::kCosine, Metric::kEuclidean}) {
    expect_as_brute_force(rows, 10, metric);
    expect_as_brute_force(rows, 30, metric);
  }
}

TEST(NearestNeighbours, OfEqualRowsAreTheFirstOfThem) {
  const at::Tensor rows = at::ones({5, 4});

  const Neighbours found = nearest_neighbours(rows, 2, Metric::kCosine);

  EXPECT_THAT(found.index, ElementsAre(1, 2, 0, 2, 0, 1, 0, 1, 0, 1));
  EXPECT_THAT(found.distance, ::testing::Each(0.0));
}

TEST(NearestNeighbours, MinusZeroEqualsZero) {
  const at::Tensor rows = at::tensor({0.0F, 1.0F, -0.0F, 1.0F, 5.0F, 5.0F}).reshape({3, 2});

  const Neighbours found = nearest_neighbours(rows, 1, Metric::kCosine);

  EXPECT_EQ(found.distance[0], 0.0);
  EXPECT_EQ(found.index[0], 1);
}

TEST(NearestNeighbours, ZeroRowsAreAtCosineDistanceOne) {
  at::Tensor rows = random_rows(30, 6);
  rows[4].zero_();

  const Neighbours found = nearest_neighbours(rows, 3, Metric::kCosine);

  EXPECT_EQ(found.distance[12], 1.0);
  expect_as_brute_force(rows, 3, Metric::kCosine);
}

// The float32 products cannot tell these rows apart: the proof fails and float64 has to decide.
TEST(NearestNeighbours, HoldWhereFloat32CannotTell) {
  const at::Tensor one_direction = random_rows(300, 40) * 1e-6 + 1.0;
  const at::Tensor parallel = at::arange(1, 301, at::kFloat).reshape({300, 1}) * random_rows(1, 8);
  const at::Tensor far_away = random_rows(300, 5) + 1e6;

  expect_as_brute_force(one_direction, 10, Metric::kCosine);
  expect_as_brute_force(parallel, 10, Metric::kCosine);
  expect_as_brute_force(far_away, 10, Metric::kEuclidean);
}

TEST(NearestNeighbours, HoldWithOneRowFarFromTheOthers) {
  at::Tensor rows = random_rows(700, 12);
  rows[123] *= 1e8;

  expect_as_brute_force(rows, 10, Metric::kEuclidean, 1e8);
  expect_as_brute_force(rows, 10, Metric::kCosine);
}

TEST(NearestNeighbours, HoldAtTheEndsOfFloat32) {
  for (const double unit : {1e-42, 1e-30, 1e30, 3e38}) {
    expect_as_brute_force(random_rows(150, 9) * unit, 10, Metric::kEuclidean, unit);
  }
  expect_as_brute_force(random_rows(150, 9) * 3e38, 10, Metric::kCosine);
}

TEST(NearestNeighbours, AreTheSameBitsWhateverTheNumberOfThreads) {
  const at::Tensor rows = at::cat({random_rows(900, 24), grid_rows(300, 24, 1)});
  const int threads = at::get_num_threads();

  at::set_num_threads(1);
  const Neighbours one = nearest_neighbours(rows, 10, Metric::kCosine);
  at::set_num_threads(3);
  const Neighbours three = nearest_neighbours(rows, 10, Metric::kCosine);
  at::set_num_threads(threads);

  EXPECT_EQ(one.index, three.index);
  EXPECT_EQ(one.distance, three.distance);
}

TEST(NearestNeighbours, TakeRowsThatAreNotContiguous) {
  const at::Tensor rows = random_rows(20, 50).t();

  const Neighbours found = nearest_neighbours(rows, 5, Metric::kCosine);

  EXPECT_EQ(found.index, nearest_neighbours(rows.contiguous(), 5, Metric::kCosine).index);
}

std::string message_of(const at::Tensor& rows, std::int64_t k = 10) {
  try {
    nearest_neighbours(rows, k, Metric::kCosine);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(NearestNeighbours, RefuseWhatHasNoNeighbours) {
  EXPECT_THAT(message_of(random_rows(1, 4)), HasSubstr("at least 2 rows"));
  EXPECT_THAT(message_of(at::empty({0, 4})), HasSubstr("0 x 4"));
  EXPECT_THAT(message_of(at::empty({4, 0})), HasSubstr("4 x 0"));
  EXPECT_THAT(message_of(random_rows(4, 4), 0), HasSubstr("at least 1"));
}

TEST(NearestNeighbours, RefuseAnotherTypeOrShape) {
  EXPECT_THAT(message_of(at::zeros({4, 4}, at::kDouble)), HasSubstr("float32"));
  EXPECT_THAT(message_of(at::zeros({4})), HasSubstr("float32 matrix"));
  EXPECT_THAT(message_of(at::Tensor()), HasSubstr("float32 matrix"));
}

TEST(NearestNeighbours, NameTheFirstRowThatIsNotFinite) {
  at::Tensor rows = random_rows(2000, 20);
  rows[1777][3] = std::numeric_limits<float>::quiet_NaN();
  rows[600][19] = -std::numeric_limits<float>::infinity();

  EXPECT_THAT(message_of(rows), AllOf(HasSubstr("row 600, column 19"), HasSubstr("inf")));
}

}  // namespace
}  // namespace zoetrope::analysis
