// SPDX-License-Identifier: Apache-2.0
// Ranks with GPUs of imagined kinds; the ranks are threads.
#include "compute_choice.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "zoetrope/comm/device_choice.hpp"
#include "zoetrope/comm/testing.hpp"

namespace zoetrope::pipeline {
namespace {

using model::Precision;
using testing::Each;
using Capability = std::pair<int, int>;

// What each rank computes in where each sees one GPU.
std::vector<Precision> precisions(const std::vector<Capability>& of_ranks) {
  std::vector<Precision> chosen(of_ranks.size());
  comm::run_as_thread_ranks(static_cast<int>(of_ranks.size()), [&](comm::Communicator& control) {
    const auto rank = static_cast<std::size_t>(control.rank());
    compute::Device gpu;
    gpu.uuid = "GPU-" + std::to_string(rank);
    gpu.capability = of_ranks[rank];
    const compute::DeviceQuery query{[gpu] { return std::vector<compute::Device>{gpu}; }, ""};
    chosen[rank] =
        default_precision(control, comm::select_device(control, {"x", control.rank()}, query, "2.30.7"));
  });
  return chosen;
}

TEST(DefaultPrecision, IsBFloat16OnGpusThatHaveUnitsForIt) {
  EXPECT_THAT(precisions({{8, 0}}), Each(Precision::kBFloat16));
  EXPECT_THAT(precisions({{9, 0}, {8, 6}, {12, 0}}), Each(Precision::kBFloat16));
}

TEST(DefaultPrecision, IsFloat32OnOlderGpus) {
  EXPECT_THAT(precisions({{7, 5}}), Each(Precision::kFloat32));
  EXPECT_THAT(precisions({{7, 0}, {7, 5}}), Each(Precision::kFloat32));
}

TEST(DefaultPrecision, IsTheSameOnAllRanksWhereGpusDiffer) {
  EXPECT_THAT(precisions({{9, 0}, {7, 5}}), Each(Precision::kFloat32));
  EXPECT_THAT(precisions({{7, 5}, {9, 0}, {9, 0}}), Each(Precision::kFloat32));
}

TEST(DefaultPrecision, IsFloat32OnCpus) {
  comm::run_as_thread_ranks(2, [](comm::Communicator& control) {
    EXPECT_EQ(default_precision(control, std::nullopt), Precision::kFloat32);
  });
}

}  // namespace
}  // namespace zoetrope::pipeline
