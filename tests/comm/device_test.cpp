// SPDX-License-Identifier: Apache-2.0
// Ranks and GPUs of imagined hosts; the ranks are threads.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "zoetrope/comm/device_choice.hpp"
#include "zoetrope/comm/testing.hpp"
#include "zoetrope/support/error.hpp"

#include "support/scratch.hpp"

namespace zoetrope::comm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// What one rank sees: its host, its number there, and the devices CUDA_VISIBLE_DEVICES leaves it.
struct Rank {
  std::string host;
  int local_rank;
  std::vector<std::string> uuids;
};

compute::DeviceQuery query_of(const Rank& rank) {
  std::vector<compute::Device> devices;
  for (const std::string& uuid : rank.uuids)
    devices.push_back({static_cast<int>(devices.size()), "GPU", uuid, "", 0});
  return {[devices] { return devices; }, "no driver"};
}

// The UUID each rank gets.
std::vector<std::string> select(const std::vector<Rank>& ranks) {
  std::vector<std::string> chosen(ranks.size());
  run_as_thread_ranks(static_cast<int>(ranks.size()), [&](Communicator& control) {
    const auto r = static_cast<std::size_t>(control.rank());
    chosen[r] = select_device(control, {ranks[r].host, ranks[r].local_rank}, query_of(ranks[r])).uuid;
  });
  return chosen;
}

TEST(SelectDevice, RanksThatSeeAllDevicesTakeOneEach) {
  const std::vector<std::string> both = {"A", "B"};
  EXPECT_EQ(select({{"x", 0, both}, {"x", 1, both}}), both);
}

TEST(SelectDevice, RanksThatSeeTheirOwnDeviceOnlyTakeIt) {
  EXPECT_EQ(select({{"x", 0, {"A"}}, {"x", 1, {"B"}}, {"x", 2, {"C"}}}),
            (std::vector<std::string>{"A", "B", "C"}));
}

TEST(SelectDevice, MoreDevicesThanRanksIsFine) {
  EXPECT_EQ(select({{"x", 0, {"A", "B", "C"}}}), std::vector<std::string>{"A"});
}

TEST(SelectDevice, HostsCountSeparately) {
  EXPECT_EQ(select({{"x", 0, {"A"}}, {"y", 0, {"B"}}}), (std::vector<std::string>{"A", "B"}));
}

TEST(SelectDevice, MoreRanksThanDevicesIsRefusedWithTheNumbers) {
  const std::vector<std::string> both = {"A", "B"};
  EXPECT_THAT(
      [&] {
        select({{"x", 0, both}, {"x", 1, both}, {"x", 2, both}});
      },
      ThrowsMessage<RunError>(
          AllOf(HasSubstr("3 ranks on x have 2 GPUs"), HasSubstr("A: ranks 0, 2"), HasSubstr("B: rank 1"))));
}

TEST(SelectDevice, OneDeviceGivenToTwoRanksIsRefused) {
  EXPECT_THAT(
      [&] {
        select({{"w", 0, {"Z"}}, {"x", 0, {"A"}}, {"x", 1, {"A"}}});
      },
      ThrowsMessage<RunError>(AllOf(HasSubstr("2 ranks on x have 1 GPU; A: ranks 1, 2"))));
}

TEST(SelectDevice, ARankWithoutDeviceIsRefusedWithTheReason) {
  EXPECT_THAT(
      [&] {
        select({{"x", 0, {"A"}}, {"y", 0, {}}});
      },
      ThrowsMessage<RunError>(HasSubstr("no CUDA device for rank 1 (rank 1 is on y: no driver)")));
}

TEST(SelectDevice, EveryRankGetsTheSameError) {
  run_as_thread_ranks(3, [](Communicator& control) {
    const Rank rank{"x", control.rank(), {"A"}};
    EXPECT_THROW(select_device(control, {rank.host, rank.local_rank}, query_of(rank)), RunError);
    control.barrier();  // so all are still together
  });
}

TEST(AllRanksHaveDevice, OnlyWhenAllHave) {
  run_as_thread_ranks(2, [](Communicator& control) {
    EXPECT_TRUE(all_ranks_have_device(control, query_of({"x", 0, {"A"}})));
    const std::vector<std::string> some =
        control.rank() == 0 ? std::vector<std::string>{"A"} : std::vector<std::string>{};
    EXPECT_FALSE(all_ranks_have_device(control, query_of({"x", 0, some})));
  });
}

}  // namespace
}  // namespace zoetrope::comm
