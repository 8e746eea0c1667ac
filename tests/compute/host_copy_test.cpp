// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/host_copy.hpp"

#include <array>
#include <cstdint>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "fake_device.hpp"

namespace zoetrope::compute {
namespace {

TEST(HostCopy, ATensorOfTheHostIsThereAtOnce) {
  const at::Tensor tensor = at::arange(7);
  const HostCopy copy(tensor);
  EXPECT_TRUE(copy.wait().is_same(tensor));
}

TEST(HostCopy, OfNothingIsNothing) {
  EXPECT_FALSE(HostCopy().wait().defined());
  EXPECT_FALSE(HostCopy(at::Tensor()).wait().defined());
}

TEST(HostCopy, CopiesShareTheTensor) {
  const HostCopy first(at::ones({3}));
  const HostCopy second = first;
  EXPECT_TRUE(second.wait().is_same(first.wait()));
}

TEST(HostCopy, ArrivesFromADeviceWhenItIsWaitedFor) {
  const HostCopy copy(fake::on_device(at::arange(7)));
  EXPECT_EQ(fake::num_queued_copies(), 1U);
  EXPECT_TRUE(at::equal(copy.wait(), at::arange(7)));
  EXPECT_EQ(fake::num_queued_copies(), 0U);
}

TEST(HostCopy, GivesTheDeviceItsMemoryBackWhenItIsMade) {
  const int blocks = fake::num_blocks();
  at::Tensor tensor = fake::on_device(at::arange(7));
  const HostCopy copy(tensor);
  EXPECT_EQ(tensor.use_count(), 1);
  tensor.reset();
  EXPECT_EQ(fake::num_blocks(), blocks + 1);

  EXPECT_TRUE(at::equal(copy.wait(), at::arange(7)));

  EXPECT_EQ(fake::num_blocks(), blocks);
}

TEST(HostCopy, KeepsATensorWhoseMemoryIsNotTheDevicesAllocators) {
  std::array<std::int64_t, 3> memory = {7, 8, 9};
  const auto options = at::TensorOptions(fake::device()).dtype(at::kLong);
  const at::Tensor tensor =
      at::for_blob(memory.data(), {3}).target_device(fake::device()).options(options).make_tensor();
  const HostCopy copy(tensor);
  EXPECT_EQ(tensor.use_count(), 2);
  EXPECT_TRUE(at::equal(copy.wait(), at::tensor({7, 8, 9}, at::kLong)));
  EXPECT_EQ(tensor.use_count(), 1);
}

TEST(HostCopy, ThatLeavesTheDeviceHasNothingOfItAnyMore) {
  const int events = fake::num_events();
  const HostCopy copy(fake::on_device(at::arange(7)));
  const HostCopy another = copy;
  EXPECT_EQ(fake::num_events(), events + 1);

  another.leave_device();
  another.leave_device();

  EXPECT_EQ(fake::num_events(), events);
  const at::Tensor pinned = HostCopy(fake::on_device(at::arange(7))).wait();
  const auto deleter_of = [](const at::Tensor& tensor) { return tensor.storage().data_ptr().get_deleter(); };
  EXPECT_EQ(deleter_of(copy.wait()), deleter_of(at::arange(7)));
  EXPECT_NE(deleter_of(copy.wait()), deleter_of(pinned));
  EXPECT_TRUE(at::equal(copy.wait(), at::arange(7)));
}

TEST(HostCopy, ThatWasNotOnADeviceHasNothingToLeave) {
  const at::Tensor tensor = at::arange(7);
  const HostCopy copy(tensor);
  copy.leave_device();
  HostCopy().leave_device();
  EXPECT_TRUE(copy.wait().is_same(tensor));
}

}  // namespace
}  // namespace zoetrope::compute
