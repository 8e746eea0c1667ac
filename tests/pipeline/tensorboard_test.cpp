// SPDX-License-Identifier: Apache-2.0
#include "tensorboard.hpp"

#include <chrono>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace zoetrope::pipeline {
namespace {

using Time = store::EventFile::Time;
using std::chrono::seconds;

store::LossRecord line(double epoch, double images_per_second) {
  return {.epoch = epoch, .images_per_second = images_per_second};
}

const Time kNow = Time{} + seconds(1'700'000'000);

TEST(TensorBoard, LinesStandWhereTheirSpeedPutsThem) {
  const std::vector<store::LossRecord> lines = {line(0.5, 10), line(1, 10), line(2, 20), line(3, 0)};
  EXPECT_EQ(times_of_lines(lines, 200, kNow),
            (std::vector<Time>{kNow - seconds(20), kNow - seconds(10), kNow, kNow}));
}

// A bit that is another can make any number of a speed.
TEST(TensorBoard, NoLineIsBefore1970OrAfterAnother) {
  for (const double speed : {1e-300, 5e-324, HUGE_VAL, std::nan(""), -1.0})
    for (const double epoch : {1e12, 0.0}) {
      const auto times =
          times_of_lines(std::vector{line(epoch, speed), line(1, speed), line(1e12, speed)}, 1'000'000, kNow);
      EXPECT_EQ(times[2], kNow);
      EXPECT_LE(times[0], times[1]) << speed;
      EXPECT_LE(times[1], times[2]) << speed;
      EXPECT_GE(times[0], Time{}) << speed;
    }
}

}  // namespace
}  // namespace zoetrope::pipeline
