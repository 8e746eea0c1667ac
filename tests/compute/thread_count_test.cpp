// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/thread_count.hpp"

#include <thread>

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

namespace zoetrope::compute {
namespace {

TEST(ThreadCount, IsOfItsThreadAloneAndForItsLife) {
  at::set_num_threads(3);
  {
    const ThreadCount one(1);
    EXPECT_EQ(at::get_num_threads(), 1);
    {
      const ThreadCount two(2);
      EXPECT_EQ(at::get_num_threads(), 2);
    }
    EXPECT_EQ(at::get_num_threads(), 1);
    int elsewhere = 0;
    std::thread([&] { elsewhere = at::get_num_threads(); }).join();
    EXPECT_EQ(elsewhere, 3);
  }
  EXPECT_EQ(at::get_num_threads(), 3);
}

}  // namespace
}  // namespace zoetrope::compute
