// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/host_copy.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace zoetrope::compute
