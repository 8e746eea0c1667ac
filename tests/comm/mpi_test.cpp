// SPDX-License-Identifier: Apache-2.0
// Run under mpirun; the number of ranks that must be found comes from the build (ZOETROPE_TEST_RANKS).
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/comm/launcher.hpp"
#include "zoetrope/comm/world.hpp"
#include "zoetrope/compute/cpu_set.hpp"
#include "zoetrope/support/trace.hpp"

#include "comm/conformance.hpp"
#include "mpi/mpi_communicator.hpp"

namespace zoetrope::comm {
namespace {

int ranks_asked_for() {
  const char* text = std::getenv("ZOETROPE_TEST_RANKS");
  return text == nullptr ? -1 : std::atoi(text);
}

std::unique_ptr<World> make_world() {
  int argc = 0;
  char** argv = nullptr;
  return std::make_unique<World>(argc, argv);
}

struct Mpi {
  static int size() { return ranks_asked_for(); }
  static at::Device device() { return at::kCPU; }
  static void run(const std::function<void(Communicator&)>& body) { body(make_world()->communicator()); }
};

// The same with transfers cut into tiny chunks: what happens to tensors of more than INT_MAX elements.
struct MpiInChunks {
  static int size() { return ranks_asked_for(); }
  static at::Device device() { return at::kCPU; }
  static void run(const std::function<void(Communicator&)>& body) {
    MpiCommunicator communicator(duplicate(MPI_COMM_WORLD), std::make_shared<Activity>(), 1, "",
                                 /*max_chunk=*/100'003);
    body(communicator);
  }
};

// Where the computation takes all cores, asynchronous collectives are done by who waits.
struct MpiDeferred {
  static int size() { return ranks_asked_for(); }
  static at::Device device() { return at::kCPU; }
  static void run(const std::function<void(Communicator&)>& body) {
    const auto world = make_world();
    world->set_compute_threads(1 << 20);
    body(world->communicator());
  }
};

using Backends = testing::Types<Mpi, MpiInChunks, MpiDeferred>;
INSTANTIATE_TYPED_TEST_SUITE_P(OverMpi, Conformance, Backends);

TEST(World, KnowsItsPlace) {
  const auto world = make_world();
  ASSERT_EQ(world->size(), ranks_asked_for());
  EXPECT_EQ(world->rank(), world->communicator().rank());
  EXPECT_EQ(world->size(), world->communicator().size());
  EXPECT_EQ(world->local_size(), ranks_asked_for());  // all on this host
  EXPECT_EQ(world->local_rank(), world->rank());
  EXPECT_EQ(world->host(), host_name());
  EXPECT_EQ(world->communicator().backend(), "mpi");
}

TEST(World, SharesTheCoresEvenly) {
  const auto world = make_world();
  const std::int64_t threads = threads_per_rank(*world);
  const std::int64_t all = all_reduce_scalar(world->communicator(), threads, ReduceOp::kSum);
  EXPECT_GE(threads, 1);
  EXPECT_LE(all, std::max(compute::count_cpus({compute::allowed_cpus()}), world->size()));
}

TEST(World, DefersAllReducesWhereTheComputationTakesAllCores) {
  const auto world = make_world();
  auto& communicator = world->communicator();
  const auto is_deferred = [&](int threads) {
    world->set_compute_threads(threads);
    const at::Tensor tensor = at::ones({4});
    auto work = communicator.all_reduce_async(tensor, ReduceOp::kSum);
    communicator.barrier();
    // Time enough for a thread of its own; where none is meant to do it, less says as much.
    const auto patience = std::chrono::milliseconds(threads == 0 ? 30'000 : 300);
    const auto start = std::chrono::steady_clock::now();
    while (tensor[0].item<int>() == 1 && std::chrono::steady_clock::now() - start < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const bool waits = tensor[0].item<int>() == 1;
    work->wait();
    EXPECT_EQ(tensor[0].item<int>(), world->size());
    return waits;
  };
  EXPECT_TRUE(is_deferred(1 << 20));
  EXPECT_TRUE(world->size() == 1 || !is_deferred(0));  // a sum over one rank shows nothing
}

// Here the host's shared memory has room for a few numbers.
TEST(World, HasCommonMemoryWhereTheComputationTakesAllCoresOfOneHost) {
  const auto world = make_world();
  EXPECT_FALSE(world->size() > 1 && world->communicator().make_common(10).defined());

  world->set_compute_threads(1 << 20);

  EXPECT_EQ(world->communicator().make_common(10).defined(), world->size() > 1);
  EXPECT_FALSE(
      world->communicator().make_common(std::int64_t{1} << 50).defined());  // no host has room for that
}

TEST(World, ControlScalarsTravel) {
  const auto world = make_world();
  auto& communicator = world->communicator();
  const std::int64_t n = world->size();
  EXPECT_EQ(all_reduce_scalar(communicator, std::int64_t{world->rank()}, ReduceOp::kSum), n * (n - 1) / 2);
  EXPECT_EQ(broadcast_string(communicator, "I am rank " + std::to_string(world->rank()), 0), "I am rank 0");
}

// Clocks of hosts that were started at different times. The ranks of this host have one.
TEST(World, KnowsHowFarRankZerosClockIsAhead) {
  const auto world = make_world();
  const std::int64_t start = world->rank() * std::int64_t{1'000'000'000};
  const std::int64_t lead = world->clock_lead([start] { return trace::now() - start; });
  constexpr double kTolerance = 20e6;  // on a machine that does other things, too
  EXPECT_NEAR(static_cast<double>(lead), static_cast<double>(start), kTolerance);
  EXPECT_EQ(world->clock_lead(trace::now), 0);
}

TEST(World, OpenMpiIsCalledByItsName) {
  EXPECT_THAT(mpi_library_version(), testing::MatchesRegex("[A-Za-z ]+[0-9]+[.][0-9]+.*"));
  EXPECT_THAT(mpi_library_version(), testing::Not(testing::HasSubstr(",")));
}

}  // namespace
}  // namespace zoetrope::comm
