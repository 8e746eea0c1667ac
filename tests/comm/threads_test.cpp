// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>
#include <thread>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/comm/testing.hpp"

#include "comm/conformance.hpp"

namespace zoetrope::comm {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

template <int n>
struct Threads {
  static int size() { return n; }
  static at::Device device() { return at::kCPU; }
  static void run(const std::function<void(Communicator&)>& body) { run_as_thread_ranks(n, body); }
};

template <int n>
struct ThreadsWithCommonMemory : Threads<n> {
  static void run(const std::function<void(Communicator&)>& body) {
    run_as_thread_ranks(n, body, RankMemory::kCommon);
  }
};

struct Single {
  static int size() { return 1; }
  static at::Device device() { return at::kCPU; }
  static void run(const std::function<void(Communicator&)>& body) { body(*make_single_communicator()); }
};

using Backends =
    testing::Types<Single, Threads<1>, Threads<2>, Threads<3>, Threads<4>, ThreadsWithCommonMemory<3>>;
INSTANTIATE_TYPED_TEST_SUITE_P(InOneProcess, Conformance, Backends);

TEST(ThreadRanks, TheFirstErrorOfAnyRankComesOutAndTheOthersAreWoken) {
  const auto body = [](Communicator& communicator) {
    if (communicator.rank() == 2) throw std::domain_error("rank 2 had enough");
    communicator.barrier();  // would wait for ever
  };
  EXPECT_THAT([&] { run_as_thread_ranks(4, body); }, ThrowsMessage<std::domain_error>("rank 2 had enough"));
}

TEST(ThreadRanks, AnErrorWakesRanksThatWaitInSplitGroupsAndForAsynchronousWork) {
  const auto body = [](Communicator& communicator) {
    const auto group = communicator.split(communicator.rank() / 2);
    if (communicator.rank() == 3) throw std::domain_error("gone");
    if (communicator.rank() == 2) group->barrier();
    communicator.all_reduce_async(at::zeros({10}), ReduceOp::kSum)->wait();
  };
  EXPECT_THAT([&] { run_as_thread_ranks(4, body); }, ThrowsMessage<std::domain_error>("gone"));
}

TEST(ThreadRanks, ARankThatEndsWhileOthersWaitIsAnError) {
  const auto body = [](Communicator& communicator) {
    if (communicator.rank() != 0) communicator.barrier();
  };
  EXPECT_THAT([&] { run_as_thread_ranks(3, body); },
              ThrowsMessage<std::runtime_error>(HasSubstr("ended while this one waits")));
}

TEST(ThreadRanks, CallsThatDoNotMatchAreAnErrorThatNamesBoth) {
  const auto body = [](Communicator& communicator) {
    const at::Tensor tensor = at::zeros({communicator.rank() == 0 ? 5 : 6});
    communicator.all_reduce(tensor, ReduceOp::kSum);
  };
  EXPECT_THAT([&] { run_as_thread_ranks(2, body); }, ThrowsMessage<std::logic_error>(testing::AllOf(
                                                         HasSubstr("5 float32"), HasSubstr("6 float32"))));
}

TEST(ThreadRanks, NoRanksAreRefused) {
  EXPECT_THROW(run_as_thread_ranks(0, [](Communicator&) {}), std::invalid_argument);
}

TEST(Scalars, ReduceAndBroadcast) {
  run_as_thread_ranks(3, [](Communicator& communicator) {
    const int rank = communicator.rank();
    EXPECT_EQ(all_reduce_scalar(communicator, 0.5 + rank, ReduceOp::kAverage), 1.5);
    EXPECT_EQ(all_reduce_scalar(communicator, std::int64_t{rank}, ReduceOp::kMax), 2);
    EXPECT_EQ(broadcast_scalar(communicator, std::int64_t{rank} - (std::int64_t{1} << 60), 1),
              1 - (std::int64_t{1} << 60));
    EXPECT_EQ(broadcast_string(communicator, rank == 2 ? "from two" : "longer than what comes", 2),
              "from two");
    EXPECT_EQ(broadcast_string(communicator, rank == 0 ? "" : "not empty", 0), "");
    EXPECT_THAT(all_gather_strings(communicator, std::string(static_cast<std::size_t>(rank), 'x')),
                testing::ElementsAre("", "x", "xx"));
  });
}

}  // namespace
}  // namespace zoetrope::comm
