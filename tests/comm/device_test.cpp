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
#include "zoetrope/support/log.hpp"

#include "support/scratch.hpp"

namespace zoetrope::comm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// While it lives the environment asks NCCL to serve ranks that share a GPU.
class AskToShare {
 public:
  explicit AskToShare(const char* value = "1") { setenv(kName, value, 1); }
  ~AskToShare() { unsetenv(kName); }
  AskToShare(const AskToShare&) = delete;
  AskToShare& operator=(const AskToShare&) = delete;

 private:
  static constexpr const char* kName = "NCCL_MULTI_RANK_GPU_ENABLE";
};

// What one rank sees: its host, its number there, and the devices CUDA_VISIBLE_DEVICES leaves it.
struct Rank {
  std::string host;
  int local_rank;
  std::vector<std::string> uuids;
};

compute::DeviceQuery query_of(const Rank& rank) {
  std::vector<compute::Device> devices;
  for (const std::string& uuid : rank.uuids)
    devices.push_back({static_cast<int>(devices.size()), "GPU", uuid, "", 0, {9, 0}});
  return {[devices] { return devices; }, "no driver"};
}

// The UUID each rank gets, where each has loaded an NCCL of this version.
std::vector<std::string> select(const std::vector<Rank>& ranks, const std::string& nccl = "2.30.7") {
  std::vector<std::string> chosen(ranks.size());
  run_as_thread_ranks(static_cast<int>(ranks.size()), [&](Communicator& control) {
    const auto r = static_cast<std::size_t>(control.rank());
    chosen[r] = select_device(control, {ranks[r].host, ranks[r].local_rank}, query_of(ranks[r]), nccl).uuid;
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

TEST(SelectDevice, RanksMayShareADeviceForTestsWhereNcclCanServeThem) {
  const std::vector<std::string> both = {"A", "B"};
  const AskToShare asked;
  support::set_up_logging("warning", 0, 1, "x");  // to standard error
  testing::internal::CaptureStderr();
  EXPECT_EQ(select({{"x", 0, both}, {"x", 1, both}, {"x", 2, both}}),
            (std::vector<std::string>{"A", "B", "A"}));
  EXPECT_EQ(select({{"x", 0, {"A"}}, {"x", 1, {"A"}}}, "3.0.0"), (std::vector<std::string>{"A", "A"}));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("3 ranks on x have 2 GPUs; A: ranks 0, 2; B: rank 1"), HasSubstr("for tests")));
}

TEST(SelectDevice, RanksThatHaveADeviceEachAreNotWarnedOf) {
  const AskToShare asked;
  support::set_up_logging("warning", 0, 1, "x");
  testing::internal::CaptureStderr();
  select({{"x", 0, {"A", "B"}}, {"x", 1, {"A", "B"}}, {"y", 0, {"C"}}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(SelectDevice, SharingIsRefusedWithTheWayToItWhereNcclIsOlderOrNotAsked) {
  const std::vector<Rank> ranks = {{"x", 0, {"A"}}, {"x", 1, {"A"}}};
  const auto refused_with = [](const std::string& nccl) {
    return ThrowsMessage<RunError>(AllOf(
        HasSubstr("2 ranks on x have 1 GPU; A: ranks 0, 1; start one rank per GPU"),
        HasSubstr("NCCL 2.30 or newer, NCCL_MULTI_RANK_GPU_ENABLE=1"), HasSubstr("here it is NCCL " + nccl)));
  };
  EXPECT_THAT([&] { select(ranks, "2.30.7"); }, refused_with("2.30.7"));
  for (const char* value : {"1", "0", ""}) {
    const AskToShare asked(value);
    EXPECT_THAT([&] { select(ranks, "2.28.9"); }, refused_with("2.28.9"));
    EXPECT_EQ(is_asked_to_share_devices(), std::string(value) == "1");
  }
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
    EXPECT_THROW(select_device(control, {rank.host, rank.local_rank}, query_of(rank), "2.30.7"), RunError);
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
