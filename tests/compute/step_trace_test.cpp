// SPDX-License-Identifier: Apache-2.0
// What libtorch computes in a step, in the timeline.
#include "zoetrope/compute/step_trace.hpp"

#include <map>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/timeline.hpp"

namespace zoetrope::compute {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

struct Recorded {
  double begin = 0, end = 0;  // microseconds
  std::int64_t track = 0;
  support::Json arguments;
};

std::map<std::string, std::vector<Recorded>> recorded() {
  std::map<std::string, std::vector<Recorded>> spans;
  const auto all =
      support::parse_json(std::string("[").append(trace::timeline_events({})).append("]"), "timeline");
  for (const auto& event : all) {
    if (event.at("ph") != "X") continue;
    const double begin = event.at("ts"), duration = event.at("dur");
    spans[event.at("name")].push_back(
        {begin, begin + duration, event.at("tid"), event.value("args", support::Json())});
  }
  return spans;
}

void compute_in(std::int64_t step, std::int64_t last) {
  const StepTrace traced(step, last);
  for_each_task(2, [](std::int64_t) { at::mm(at::ones({64, 64}), at::ones({64, 64})); });
}

class StepTraceTest : public testing::Test {
 protected:
  void SetUp() override { trace::start_recording(trace::now(), "run"); }
  void TearDown() override {
    trace::stop_recording();
    trace_operations_of({});
  }
};

TEST_F(StepTraceTest, StepsAreSpansWithTheirNumbers) {
  for (std::int64_t step = 1; step <= 3; ++step) compute_in(step, 3);
  auto spans = recorded();
  ASSERT_THAT(spans["step"], SizeIs(3));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(spans["step"][i].arguments, support::Json({{"step", i + 1}}));
  EXPECT_THAT(spans["aten::mm"], IsEmpty());
}

// Those of all threads, on the clock of the spans.
TEST_F(StepTraceTest, OperationsOfTheStepsAskedForAreRecorded) {
  trace_operations_of({2, 4});
  for (std::int64_t step = 1; step <= 5; ++step) compute_in(step, 5);
  auto spans = recorded();
  ASSERT_THAT(spans["aten::mm"], SizeIs(4));
  constexpr double kTolerance = 1000;
  for (const Recorded& product : spans["aten::mm"]) {
    EXPECT_GE(product.begin, spans["step"][1].begin - kTolerance);
    EXPECT_LE(product.end, spans["step"][2].end + kTolerance);
    EXPECT_NE(product.track, spans["step"][1].track);
  }
}

TEST_F(StepTraceTest, TheyEndWithTheTraining) {
  trace_operations_of({2, 100});
  for (std::int64_t step = 1; step <= 2; ++step) compute_in(step, 2);
  at::mm(at::ones({64, 64}), at::ones({64, 64}));
  EXPECT_THAT(recorded()["aten::mm"], SizeIs(2));
}

TEST_F(StepTraceTest, ATrainingThatIsInterruptedShowsWhatItHasDone) {
  trace_operations_of({1, 100});
  compute_in(1, 50);
  end_tracing_operations();
  at::mm(at::ones({64, 64}), at::ones({64, 64}));
  end_tracing_operations();
  EXPECT_THAT(recorded()["aten::mm"], SizeIs(2));
}

}  // namespace
}  // namespace zoetrope::compute
