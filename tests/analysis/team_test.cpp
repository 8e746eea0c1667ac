// SPDX-License-Identifier: Apache-2.0
// Several ranks find what one finds, to the bit.
#include "zoetrope/analysis/team.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/comm/testing.hpp"

#include "../../src/analysis/tiled_candidates.hpp"
#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

constexpr int kMostRanks = 4;

class ThreadTeam final : public Team {
 public:
  explicit ThreadTeam(comm::Communicator& ranks) : ranks_(ranks) {}
  int rank() const override { return ranks_.rank(); }
  int size() const override { return ranks_.size(); }
  at::Tensor gather(const at::Tensor& piece, int root) override { return ranks_.gather(piece, root); }
  at::Tensor all_gather(const at::Tensor& piece) override { return ranks_.all_gather(piece); }
  void add_up(at::Tensor& values) override { ranks_.all_reduce(values, comm::ReduceOp::kSum); }
  void work_together(const std::function<void()>& part) override { part(); }

 private:
  comm::Communicator& ranks_;
};

// Ranks have different numbers of threads, too, as on hosts of different sizes.
void for_teams(const std::function<void(Team*)>& body) {
  for (int size = 1; size <= kMostRanks; ++size) {
    comm::run_as_thread_ranks(size, [&](comm::Communicator& ranks) {
      at::set_num_threads(1 + ranks.rank() % 2);
      ThreadTeam team(ranks);
      body(&team);
    });
  }
}

// Of all rows, or only of every third.
RankQuery query_of(std::int64_t num_rows, std::int64_t step) {
  RankQuery query;
  for (std::int64_t row = 0; row < num_rows; row += step) {
    query.rows.push_back(row);
    for (const std::int64_t other : {1, 2}) query.others.push_back((row + other) % num_rows);
  }
  return query;
}

void expect_as_alone(const at::Tensor& rows, std::int64_t k, Metric metric, TensorDevice device = {}) {
  for (const std::int64_t step : {1, 3}) {
    const RankQuery asked = query_of(rows.size(0), step);
    RankQuery alone = asked;
    const Neighbours expected = nearest_neighbours(rows, k, metric, {.device = device}, &alone);
    const auto expect_as_expected = [&](Team* team, std::int64_t block_rows) {
      RankQuery query = asked;
      const Neighbours found = nearest_neighbours(
          rows, k, metric, {.device = device, .team = team, .block_rows = block_rows}, &query);
      EXPECT_EQ(found.k, expected.k);
      EXPECT_EQ(found.index, expected.index);
      EXPECT_EQ(found.distance, expected.distance);
      EXPECT_EQ(query.ranks, alone.ranks);
    };
    for_teams([&](Team* team) {
      expect_as_expected(team, 0);
      if (!device) expect_as_expected(team, 300);  // row by row of tiles, with centred rows made anew
    });
  }
}

TEST(Team, FindsTheNeighboursThatOneRankFinds) {
  expect_as_alone(random_rows(1500, 20), 10, Metric::kCosine);
  expect_as_alone(random_rows(1100, 3), 15, Metric::kEuclidean);
}

TEST(Team, FindsThemAmongEqualRowsAndTies) {
  expect_as_alone(grid_rows(900, 3, 4), 12, Metric::kEuclidean);    // groups of equal rows
  expect_as_alone(grid_rows(1200, 3, 40), 12, Metric::kEuclidean);  // equal distances
  expect_as_alone(at::ones({300, 5}), 4, Metric::kCosine);
}

// Rows in almost one direction: lists that could have missed one are searched again, by the rank that has
// them.
TEST(Team, SearchesAgainWhatIsNotProven) {
  at::manual_seed(1);
  expect_as_alone(100 * at::randn({1, 16}) + 1e-3 * at::randn({800, 16}), 10, Metric::kCosine);
}

TEST(Team, FindsThemWhereSomeRanksHaveNothingToDo) {
  for (const std::int64_t rows : {3, 4, 5, 140}) expect_as_alone(random_rows(rows, 6), 10, Metric::kCosine);
}

TEST(Team, FindsThemByTensors) {
  expect_as_alone(random_rows(700, 12), 7, Metric::kCosine, at::Device(at::kCPU));
}

FrameAnalysis analysis_of(const at::Tensor& rows, const at::Tensor& earlier, const at::Tensor& training,
                          Team* team, std::int64_t block_rows = 0) {
  const std::vector<std::int64_t> label = up_to(rows.size(0)), train_label = up_to(training.size(0));
  const FrameInput input{rows, {}, 0, label, TrainingImages{training, {}, train_label}};
  FrameOptions options;
  options.team = team;
  options.block_rows = block_rows;
  std::optional<ComparedFrame> before = compared_frame(earlier, options, training);
  const ComparedFrame first = *before;
  return analyze_frame(input, options, {&first, nullptr}, before);
}

TEST(Team, AnalysesAFrameAsOneRankDoes) {
  const at::Tensor rows = random_rows(800, 16), earlier = random_rows(800, 16, 2),
                   training = random_rows(300, 16, 3);
  const FrameAnalysis expected = analysis_of(rows, earlier, training, nullptr);
  const auto expect_as_expected = [&](const FrameAnalysis& found) {
    EXPECT_EQ(found.score, expected.score);
    EXPECT_EQ(found.neighbour, expected.neighbour);
    EXPECT_EQ(found.duplicate_set, expected.duplicate_set);
    EXPECT_EQ(found.points, expected.points);
    EXPECT_EQ(found.quality.trust, expected.quality.trust);
    EXPECT_EQ(found.quality.continuity, expected.quality.continuity);
    EXPECT_EQ(found.quality.neighbours_shown, expected.quality.neighbours_shown);
    EXPECT_EQ(found.neighbour_preservation, expected.neighbour_preservation);
    EXPECT_EQ(found.linear_cka, expected.linear_cka);
    EXPECT_EQ(found.to_first.neighbour_preservation, expected.to_first.neighbour_preservation);
    EXPECT_EQ(found.shape_disparity, expected.shape_disparity);
    EXPECT_EQ(found.displacement.distance, expected.displacement.distance);
    EXPECT_EQ(found.training.against.score, expected.training.against.score);
    EXPECT_EQ(found.training.against.leak, expected.training.against.leak);
  };
  for_teams([&](Team* team) {
    expect_as_expected(analysis_of(rows, earlier, training, team));
    expect_as_expected(analysis_of(rows, earlier, training, team, 256));
  });
}

TEST(Team, SharesOutTheProducts) {
  const Tiling tiling(3000, 2);
  const auto all = tiling.tiles(nullptr);
  for (int size = 1; size <= kMostRanks; ++size) {
    std::mutex lock;
    auto dealt = std::vector<std::pair<std::int64_t, std::int64_t>>();
    comm::run_as_thread_ranks(size, [&](comm::Communicator& ranks) {
      ThreadTeam team(ranks);
      const auto mine = tiling.tiles(&team);
      EXPECT_LE(mine.size(), all.size() / ranks.size() + 1);
      const std::lock_guard one_by_one(lock);
      dealt.insert(dealt.end(), mine.begin(), mine.end());
    });
    EXPECT_THAT(dealt, testing::UnorderedElementsAreArray(all));
  }
}

}  // namespace
}  // namespace zoetrope::analysis
