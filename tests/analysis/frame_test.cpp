// SPDX-License-Identifier: Apache-2.0
// A frame on any number of threads: what is done beside other work, and many distances at a time.
#include "zoetrope/analysis/frame.hpp"

#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include "../../src/analysis/aside.hpp"
#include "../../src/analysis/search_space.hpp"
#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

class Frame : public testing::Test {
 protected:
  ~Frame() override { at::set_num_threads(before_); }

 private:
  int before_ = at::get_num_threads();
};

FrameAnalysis frame_after_another(const at::Tensor& earlier, const at::Tensor& rows) {
  const std::vector<std::int64_t> label = up_to(rows.size(0));
  std::optional<ComparedFrame> before = compared_frame(earlier, {});
  const ComparedFrame first = *before;
  return analyze_frame({rows, {}, 0, label}, {}, {&first, nullptr}, before);
}

TEST_F(Frame, HasTheSameBitsOnAnyNumberOfThreads) {
  const at::Tensor earlier = random_rows(900, 150, 1), rows = earlier + random_rows(900, 150, 2);
  at::set_num_threads(1);
  const FrameAnalysis expected = frame_after_another(earlier, rows);
  for (const int threads : {2, 3, 4}) {
    at::set_num_threads(threads);
    const FrameAnalysis found = frame_after_another(earlier, rows);
    EXPECT_EQ(at::get_num_threads(), threads);
    EXPECT_EQ(found.shape_disparity, expected.shape_disparity);
    EXPECT_EQ(found.linear_cka, expected.linear_cka);
    EXPECT_EQ(found.to_first.linear_cka, expected.to_first.linear_cka);
    EXPECT_EQ(found.to_last.linear_cka, expected.to_last.linear_cka);
    EXPECT_EQ(found.displacement.products, expected.displacement.products);
    EXPECT_EQ(found.quality.trust, expected.quality.trust);
    EXPECT_EQ(found.quality.continuity, expected.quality.continuity);
  }
}

TEST_F(Frame, LeavesAThreadToWorkAside) {
  at::set_num_threads(3);
  std::thread::id worker;
  Aside aside([&] { worker = std::this_thread::get_id(); });

  EXPECT_EQ(at::get_num_threads(), 2);
  aside.wait();

  EXPECT_EQ(at::get_num_threads(), 3);
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST_F(Frame, DoesWorkAtOnceOnTheOnlyThread) {
  at::set_num_threads(1);
  std::thread::id worker;
  const Aside aside([&] { worker = std::this_thread::get_id(); });

  EXPECT_EQ(worker, std::this_thread::get_id());
  EXPECT_EQ(at::get_num_threads(), 1);
}

TEST_F(Frame, FailsWithTheWorkAside) {
  at::set_num_threads(2);
  Aside aside([] { throw std::runtime_error("no singular values"); });

  EXPECT_THROW(aside.wait(), std::runtime_error);
  EXPECT_EQ(at::get_num_threads(), 2);
}

TEST_F(Frame, MeasuresManyPairsAsEachAlone) {
  for (const std::int64_t columns : {2, 15, 16, 31, 80, 387}) {
    const at::Tensor rows = random_rows(40, columns);
    const SearchSpace space(RowList({rows}), columns > 3 ? Metric::kCosine : Metric::kEuclidean);
    std::vector<std::int64_t> i, j;
    std::vector<double> expected;
    for (std::int64_t n = 0; n < 39; ++n) {
      i.push_back(n), j.push_back((n * 7 + 3) % 40);
      expected.push_back(space.distance(i.back(), j.back()));
    }
    EXPECT_EQ(space.distances(i, j), expected) << columns << " columns";
  }
}

}  // namespace
}  // namespace zoetrope::analysis
