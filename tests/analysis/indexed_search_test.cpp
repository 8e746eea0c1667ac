// SPDX-License-Identifier: Apache-2.0
// The search by an index of FAISS, beside the exact one.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/training.hpp"
#include "zoetrope/support/error.hpp"

#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

using ::testing::Each;
using ::testing::ElementsAreArray;

constexpr std::int64_t kIndexed = kLeastIndexedRows;  // of as many all are looked at for the recall

// Rows around 20 centres, in 6 directions mostly, as embeddings are.
at::Tensor clustered_rows(std::int64_t count, std::int64_t width) {
  const at::Tensor centres = random_rows(20, width, 2), directions = random_rows(6, width, 3);
  const at::Tensor places = random_rows(count, 6, 4);
  return centres.repeat({(count + 19) / 20, 1}).narrow(0, 0, count) + places.mm(directions) +
         0.05 * random_rows(count, width, 5);
}

// Every row's distance to every other one, by the exact search.
std::map<std::pair<std::int64_t, std::int64_t>, double> all_distances(const at::Tensor& rows, Metric metric) {
  const Neighbours all = nearest_neighbours(rows, rows.size(0) - 1, metric);
  std::map<std::pair<std::int64_t, std::int64_t>, double> distance;
  for (std::size_t n = 0; n < all.index.size(); ++n)
    distance[{static_cast<std::int64_t>(n) / all.k, all.index[n]}] = all.distance[n];
  return distance;
}

class IndexedNeighbours : public ::testing::TestWithParam<SearchMethod> {
 protected:
  Neighbours find(const at::Tensor& rows, std::int64_t k, Metric metric, RankQuery* query = nullptr) {
    index_.method = GetParam();
    index_.recall_neighbours = k;
    return nearest_neighbours(rows, k, metric, {.index = &index_}, query);
  }
  IndexedSearch index_;
};

TEST_P(IndexedNeighbours, AreNearlyTheNearest) {
  for (const Metric metric : {Metric::kCosine, Metric::kEuclidean}) {
    const at::Tensor rows = clustered_rows(3000, 32);
    const Neighbours exact = nearest_neighbours(rows, 10, metric);
    const Neighbours found = find(rows, 10, metric);
    EXPECT_GT(index_.recall, 0.97);
    std::int64_t same = 0;
    for (std::size_t n = 0; n < exact.index.size(); ++n) same += found.index[n] == exact.index[n] ? 1 : 0;
    EXPECT_GT(static_cast<double>(same), 0.9 * static_cast<double>(exact.index.size()));
  }
}

TEST_P(IndexedNeighbours, AreAtTheDistancesOfTheExactSearch) {
  for (const Metric metric : {Metric::kCosine, Metric::kEuclidean}) {
    const at::Tensor rows = random_rows(kIndexed, 24);
    const auto distance = all_distances(rows, metric);
    const Neighbours found = find(rows, 8, metric);
    for (std::size_t n = 0; n < found.index.size(); ++n) {
      const std::pair pair{static_cast<std::int64_t>(n) / found.k, found.index[n]};
      ASSERT_EQ(found.distance[n], distance.at(pair)) << "row " << pair.first;
      if (n % 8 > 0) {
        ASSERT_GE(found.distance[n], found.distance[n - 1]);
      }
    }
  }
}

TEST_P(IndexedNeighbours, RecallIsWhatACountGives) {
  const at::Tensor rows = random_rows(kIndexed, 32);  // in all directions alike: hard for an index
  const Neighbours exact = nearest_neighbours(rows, 10, Metric::kCosine);
  const Neighbours found = find(rows, 10, Metric::kCosine);
  std::int64_t hits = 0;
  for (std::int64_t i = 0; i < kIndexed; ++i)
    hits += std::count_if(found.index.begin() + 10 * i, found.index.begin() + 10 * (i + 1), [&](auto j) {
      return std::find(exact.index.begin() + 10 * i, exact.index.begin() + 10 * (i + 1), j) !=
             exact.index.begin() + 10 * (i + 1);
    });
  EXPECT_EQ(index_.recall, static_cast<double>(hits) / (10.0 * kIndexed));
  if (GetParam() == SearchMethod::kIvf) {
    EXPECT_LT(index_.recall, 1.0);
  }
}

TEST_P(IndexedNeighbours, HaveTheSameBitsOnAnyNumberOfThreads) {
  const at::Tensor rows = clustered_rows(2500, 20);
  const int before = at::get_num_threads();
  const Neighbours expected = find(rows, 10, Metric::kCosine);
  const double recall = index_.recall;
  for (const int threads : {1, 2, 4, 7, 1}) {
    at::set_num_threads(threads);
    const Neighbours found = find(rows, 10, Metric::kCosine);
    EXPECT_EQ(at::get_num_threads(), threads);
    EXPECT_EQ(found.index, expected.index) << threads << " threads";
    EXPECT_EQ(found.distance, expected.distance) << threads << " threads";
    EXPECT_EQ(index_.recall, recall);
  }
  at::set_num_threads(before);
}

TEST_P(IndexedNeighbours, OfFewRowsAreTheExactOnes) {
  const at::Tensor rows = random_rows(kIndexed - 1, 16);
  const Neighbours found = find(rows, 10, Metric::kCosine);
  EXPECT_EQ(found.index, nearest_neighbours(rows, 10, Metric::kCosine).index);
  EXPECT_EQ(index_.recall, 1);
}

TEST_P(IndexedNeighbours, ManyEqualRowsAreFoundAllTheSame) {
  at::Tensor rows = random_rows(kIndexed + 60, 16);
  rows.narrow(0, kIndexed, 60).copy_(rows.narrow(0, 5, 1).expand({60, 16}));
  const Neighbours found = find(rows, 10, Metric::kCosine);
  const std::vector<double> of_the_fifth(found.distance.begin() + 50, found.distance.begin() + 60);
  EXPECT_THAT(of_the_fifth, Each(0.0));
  std::vector<std::int64_t> first(10);
  std::iota(first.begin(), first.end(), kIndexed);
  const std::vector<std::int64_t> index(found.index.begin() + 50, found.index.begin() + 60);
  EXPECT_THAT(index, ElementsAreArray(first));
}

TEST_P(IndexedNeighbours, ARowOfZerosIsAtCosineDistanceOne) {
  at::Tensor rows = clustered_rows(kIndexed, 16);
  rows[7].zero_();
  const Neighbours found = find(rows, 10, Metric::kCosine);
  const std::vector<double> of_the_row(found.distance.begin() + 70, found.distance.begin() + 80);
  EXPECT_THAT(of_the_row, Each(1.0));
  EXPECT_GT(index_.recall, 0.9);
}

// More neighbours than the lists that are searched hold.
TEST_P(IndexedNeighbours, AreAllThereWhateverTheIndexFinds) {
  const at::Tensor rows = random_rows(kIndexed, 8);
  const Neighbours found = find(rows, 600, Metric::kEuclidean);
  ASSERT_EQ(found.k, 600);
  for (std::int64_t i = 0; i < kIndexed; ++i) {
    std::vector<std::int64_t> others(found.index.begin() + 600 * i, found.index.begin() + 600 * (i + 1));
    std::sort(others.begin(), others.end());
    ASSERT_EQ(std::adjacent_find(others.begin(), others.end()), others.end()) << "row " << i;
    ASSERT_FALSE(std::binary_search(others.begin(), others.end(), i)) << "row " << i;
  }
  EXPECT_TRUE(std::ranges::all_of(found.distance, [](double d) { return std::isfinite(d); }));
}

TEST_P(IndexedNeighbours, AQueryIsAnsweredExactly) {
  const at::Tensor rows = random_rows(kIndexed, 12);
  RankQuery asked{{0, 500, 999}, {1, 2, 3, 4, 5, 6}, {}}, exact = asked;
  nearest_neighbours(rows, 10, Metric::kCosine, {}, &exact);
  find(rows, 10, Metric::kCosine, &asked);
  EXPECT_EQ(asked.ranks, exact.ranks);
}

TEST_P(IndexedNeighbours, ARowThatIsNotFiniteIsNamed) {
  at::Tensor rows = random_rows(kIndexed, 12);
  rows[321][4] = std::numeric_limits<float>::quiet_NaN();
  try {
    find(rows, 10, Metric::kCosine);
    FAIL() << "it was taken";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("321"));
  }
}

TEST_P(IndexedNeighbours, FindLeaksAmongTrainingImages) {
  const at::Tensor tests = clustered_rows(kIndexed, 16);
  at::Tensor training = random_rows(1500, 16, 9);
  training[1234].copy_(tests[42] * 1.0001F);
  IndexedSearch index{GetParam(), 10};
  const auto found = against_training(tests, training, 10, Metric::kCosine, {.index = &index});
  const auto exact = against_training(tests, training, 10, Metric::kCosine);
  EXPECT_EQ(found.leak[42], 1234);
  EXPECT_EQ(found.mean_distance, exact.mean_distance);  // among training images it is exact
  EXPECT_GT(found.recall, 0.9);
  EXPECT_TRUE(std::isnan(exact.recall));
}

INSTANTIATE_TEST_SUITE_P(FaissIndexes, IndexedNeighbours,
                         ::testing::Values(SearchMethod::kHnsw, SearchMethod::kIvf), [](const auto& method) {
                           return method.param == SearchMethod::kHnsw ? "Hnsw" : "Ivf";
                         });

TEST(SecondsOfExactSearch, GrowWithTheSquareOfTheRows) {
  const double some = seconds_of_exact_search(10000, 16, 10, std::nullopt);
  EXPECT_GT(some, 0);
  EXPECT_GT(seconds_of_exact_search(10000000, 16, 10, std::nullopt), 1000 * some);
}

}  // namespace
}  // namespace zoetrope::analysis
