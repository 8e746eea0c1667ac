// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/own_stream.hpp"

#include <vector>

#include <c10/core/impl/VirtualGuardImpl.h>
#include <gmock/gmock.h>

#include "zoetrope/compute/upload.hpp"

#include "fake_device.hpp"

namespace zoetrope::compute {
namespace {

using testing::Contains;
using testing::Each;
using testing::Not;
using testing::ResultOf;
using testing::SizeIs;

c10::Stream current() {
  return c10::impl::VirtualGuardImpl(fake::device().type()).getStream(fake::device());
}

TEST(OwnStream, IsCurrentWhileItLives) {
  const c10::Stream before = current();
  {
    const OwnStream own(fake::device(), StreamPriority::kLow);
    EXPECT_NE(current(), before);
  }
  EXPECT_EQ(current(), before);
}

// More of them than the pool has, so that each of its streams comes again.
TEST(OwnStream, OfTheTrainingIsDrawnByNobodyElse) {
  const OwnStream training(fake::device(), StreamPriority::kHigh);
  const c10::Stream trained_on = current();
  EXPECT_TRUE(fake::is_of_high_priority(trained_on));
  fake::take_drawn();
  for (int i = 0; i < fake::kStreamsOfPool; ++i) {
    const OwnStream analysis(fake::device(), StreamPriority::kLow);
    const Uploader batches(fake::device());
  }

  const std::vector<c10::Stream> others = fake::take_drawn();
  EXPECT_THAT(others, SizeIs(2 * fake::kStreamsOfPool));
  EXPECT_THAT(others, Not(Contains(trained_on)));
  EXPECT_THAT(others, Each(ResultOf(fake::is_of_high_priority, false)));
}

}  // namespace
}  // namespace zoetrope::compute
