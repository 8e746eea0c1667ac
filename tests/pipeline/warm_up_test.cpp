// SPDX-License-Identifier: Apache-2.0
#include "warm_up.hpp"

#include <gmock/gmock.h>

#include "zoetrope/support/log.hpp"

namespace zoetrope::pipeline {
namespace {

// On cores, where it is of no use, it computes the same: an error of it would be told.
TEST(WarmUp, ComputesInEveryPrecision) {
  support::set_up_logging("debug", 0, 1, "host");
  for (const auto precision : {model::Precision::kFloat32, model::Precision::kBFloat16}) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    warm_up(at::kCPU, precision).get();
    EXPECT_EQ(::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr(), "")
        << model::name_of(precision);
  }
}

}  // namespace
}  // namespace zoetrope::pipeline
