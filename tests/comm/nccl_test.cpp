// SPDX-License-Identifier: Apache-2.0
// The NCCL backend over the double of NCCL and CUDA, under mpirun: what every communicator must do, the
// backend's own promises, and that it keeps the two libraries' rules (no violations, nothing left).
#include "zoetrope/comm/nccl.hpp"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/comm/world.hpp"
#include "zoetrope/compute/device_graph.hpp"
#include "zoetrope/support/error.hpp"

#include "comm/conformance.hpp"
#include "comm/double/double.hpp"
#include "nccl/nccl_communicator.hpp"

namespace zoetrope::comm {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;
using namespace std::chrono_literals;

int ranks_asked_for() {
  const char* text = std::getenv("ZOETROPE_TEST_RANKS");
  return text == nullptr ? -1 : std::atoi(text);
}

// The double for one test: at its end no rule may have been broken and nothing be left.
class DoubleSession {
 public:
  DoubleSession() { nccl_double::set_up(); }
  ~DoubleSession() {
    EXPECT_THAT(nccl_double::take_violations(), IsEmpty());
    EXPECT_EQ(nccl_double::live_objects(), "");
    nccl_double::tear_down();
  }
  DoubleSession(const DoubleSession&) = delete;
  DoubleSession& operator=(const DoubleSession&) = delete;
};

struct NcclOverDouble {
  static int size() { return ranks_asked_for(); }
  static at::Device device() { return at::kCPU; }
  static void run(const std::function<void(Communicator&)>& body) {
    const DoubleSession session;
    int argc = 0;
    char** argv = nullptr;
    World world(argc, argv);
    body(*make_nccl_communicator(world, 0));
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(NcclOverDouble, Conformance, NcclOverDouble);

TEST(Nccl, WhatIsUnderWayIsNotThereBeforeItIsAwaited) {
  NcclOverDouble::run([](Communicator& communicator) {
    const at::Tensor tensor = at::ones({1000});
    const auto work = communicator.all_reduce_async(tensor, ReduceOp::kSum);
    EXPECT_TRUE(at::isnan(tensor).all().item<bool>());  // the double's poison: nobody may look yet
    work->wait();
    EXPECT_TRUE(at::equal(tensor, at::full({1000}, static_cast<float>(communicator.size()))));
  });
}

TEST(Nccl, ATensorMayBeDroppedWhileItIsUnderWay) {
  NcclOverDouble::run([](Communicator& communicator) {
    std::unique_ptr<Work> work;
    {
      const at::Tensor tensor = at::ones({100'000});
      work = communicator.all_reduce_async(tensor, ReduceOp::kSum);
    }
    const at::Tensor other = at::zeros({100'000});  // could get the same memory
    work->wait();
    EXPECT_TRUE(at::equal(other, at::zeros({100'000})));
  });
}

TEST(Nccl, RegisteredBuffersAreUsedAndReleased) {
  NcclOverDouble::run([](Communicator& communicator) {
    const at::Tensor bucket = at::ones({1000});
    communicator.register_buffer(bucket);
    for (int step = 0; step < 3; ++step) communicator.all_reduce(bucket, ReduceOp::kAverage);
    EXPECT_TRUE(at::equal(bucket, at::ones({1000})));
  });
}

compute::GraphLauncher launcher_of(Communicator& communicator) {
  return [&communicator](const std::function<void()>& launch) { communicator.launch_captured(launch); };
}

// Something like a training step: collectives that go on beside the computation, and one that is waited for.
class SomeStep {
 public:
  explicit SomeStep(Communicator& communicator) : communicator_(communicator) {}

  void run() {
    sums_.copy_(input_ * 2);
    const auto first = communicator_.all_reduce_async(sums_.narrow(0, 0, 600), ReduceOp::kSum);
    const auto second = communicator_.all_reduce_async(sums_.narrow(0, 600, 400), ReduceOp::kSum);
    total_.fill_(communicator_.rank());
    first->wait();
    second->wait();
    communicator_.all_reduce(total_, ReduceOp::kSum);
  }
  std::unique_ptr<compute::DeviceGraph> captured() {
    return compute::capture([this] { run(); }, {input_, sums_, total_}, launcher_of(communicator_));
  }

  at::Tensor input_ = at::ones({1000}), sums_ = at::zeros({1000}), total_ = at::zeros({1});

 private:
  Communicator& communicator_;
};

TEST(Nccl, ACapturedStepIsReplayedWithWhatItsTensorsHold) {
  NcclOverDouble::run([](Communicator& communicator) {
    SomeStep step(communicator);
    step.run();
    const auto graph = step.captured();
    const auto size = static_cast<float>(communicator.size());
    EXPECT_TRUE(at::equal(step.sums_, at::full({1000}, 2 * size)));  // the capture has run nothing

    for (const float value : {3.0F, 5.0F}) {
      step.input_.fill_(value);
      graph->replay();
      EXPECT_TRUE(at::equal(step.sums_, at::full({1000}, 2 * value * size)));
      EXPECT_EQ(step.total_.item<float>(), size * (size - 1) / 2);
      communicator.all_reduce(step.input_, ReduceOp::kAverage);  // outside of the graph, between replays
    }
  });
}

TEST(Nccl, AStepWhoseBuffersChangeIsNoCapturedStep) {
  NcclOverDouble::run([](Communicator& communicator) {
    SomeStep step(communicator);
    const auto graph = step.captured();
    step.total_ = at::zeros({2}).narrow(0, 1, 1);
    graph->replay();
    EXPECT_THAT(nccl_double::take_violations(), ElementsAre(HasSubstr("on other buffers: all-reduce of 1")));
  });
}

TEST(Nccl, ACaptureThatFailsLeavesTheCommunicatorAsItWas) {
  NcclOverDouble::run([](Communicator& communicator) {
    SomeStep step(communicator);
    nccl_double::refuse_captures(true);
    EXPECT_THROW(step.captured(), RunError);
    nccl_double::refuse_captures(false);
    step.run();
    EXPECT_EQ(step.sums_[0].item<int>(), 2 * communicator.size());
  });
}

// A step that runs out of memory leaves the sums behind that it has begun.
TEST(Nccl, SumsOfACaptureThatFailedMayBeDroppedLater) {
  NcclOverDouble::run([](Communicator& communicator) {
    SomeStep step(communicator);
    std::unique_ptr<Work> begun;
    const auto broken = [&] {
      begun = communicator.all_reduce_async(step.sums_, ReduceOp::kSum);
      throw RunError("out of memory");
    };
    EXPECT_THROW(compute::capture(broken, {step.sums_}, launcher_of(communicator)), RunError);
    EXPECT_THAT(nccl_double::take_violations(), ElementsAre(HasSubstr("did not return")));  // of the capture

    begun.reset();

    step.run();
    EXPECT_EQ(step.sums_[0].item<int>(), 2 * communicator.size());
  });
}

TEST(Nccl, AnErrorOfTheWorkEndsItsCapture) {
  NcclOverDouble::run([](Communicator& communicator) {
    SomeStep step(communicator);
    const auto broken = [&] {
      step.run();
      throw RunError("out of memory");
    };
    EXPECT_THAT(
        [&] {
          compute::capture(broken, {step.input_, step.sums_, step.total_}, launcher_of(communicator));
        },
        ThrowsMessage<RunError>("out of memory"));
    step.run();
    EXPECT_EQ(step.sums_[0].item<int>(), 2 * communicator.size());
  });
}

TEST(Nccl, ARankThatDoesNotComeToTheStartIsAnErrorAfterTheTimeout) {
  if (ranks_asked_for() == 1) GTEST_SKIP() << "nobody can be missing";
  nccl_double::set_up();
  {
    int argc = 0;
    char** argv = nullptr;
    World world(argc, argv);
    // Every rank waits for one more than there are.
    const auto connect = [&] { NcclHandle handle(ncclUniqueId{}, world.rank(), world.size() + 1, 300ms); };
    EXPECT_THAT(connect, ThrowsMessage<RunError>(HasSubstr("some rank did not come within 0 s")));
  }
  EXPECT_EQ(nccl_double::live_objects(), "");
  nccl_double::take_violations();
}

// All ranks, under a watch that no watchdog looks at: the world's would end the job.
NcclCommunicator connect(World& world, std::shared_ptr<Activity> watch) {
  ncclUniqueId id{};
  if (world.rank() == 0) ncclGetUniqueId(&id);
  world.communicator().split(0)->broadcast(at::from_blob(id.internal, {NCCL_UNIQUE_ID_BYTES}, at::kByte), 0);
  return {world.communicator().split(0),
          make_device_context(0),
          std::move(watch),
          std::make_unique<NcclHandle>(id, world.rank(), world.size(), 60s),
          std::make_shared<CommunicationStream>(),
          9,
          "test"};
}

TEST(Nccl, AnErrorOfTheLinkComesOutOfWait) {
  nccl_double::set_up();
  {
    int argc = 0;
    char** argv = nullptr;
    World world(argc, argv);
    NcclCommunicator communicator = connect(world, std::make_shared<Activity>());
    const at::Tensor tensor = at::ones({10});
    const auto work = communicator.all_reduce_async(tensor, ReduceOp::kSum);
    nccl_double::break_communicators(ncclRemoteError);
    EXPECT_THAT([&] { work->wait(); }, ThrowsMessage<RunError>(HasSubstr("remote error")));
    EXPECT_THROW(communicator.all_reduce(at::ones({3}), ReduceOp::kSum), RunError);
  }
  EXPECT_EQ(nccl_double::live_objects(), "");
  nccl_double::tear_down();
}

// As the watchdog does before it ends the job: NCCL would not let the process go otherwise.
TEST(Nccl, AbortingEndsACallThatNcclDoesNotTake) {
  nccl_double::set_up();
  {
    int argc = 0;
    char** argv = nullptr;
    World world(argc, argv);
    const auto watch = std::make_shared<Activity>();
    NcclCommunicator communicator = connect(world, watch);
    nccl_double::set_fault(nccl_double::Fault::kCallsStayInProgress);
    std::thread watchdog([&] {
      RankReport report = watch->report(0);
      while (report.channels[0].waited_s < 0) report = watch->report(0);  // until the call is under way
      EXPECT_STREQ(report.channels[0].operation.data(), "all_reduce");
      EXPECT_EQ(watch->failure(), std::nullopt);
      watch->abandon();
    });
    const auto was_aborted = ThrowsMessage<RunError>(HasSubstr("was aborted"));
    EXPECT_THAT([&] { communicator.all_reduce(at::ones({10}), ReduceOp::kSum); }, was_aborted);
    watchdog.join();
    nccl_double::set_fault(nccl_double::Fault::kNone);
    EXPECT_THAT([&] { communicator.all_reduce(at::ones({10}), ReduceOp::kSum); }, was_aborted);
    EXPECT_THAT([&] { communicator.split(0); }, was_aborted);
    world.communicator().barrier();
  }
  nccl_double::take_violations();
  nccl_double::tear_down();
}

TEST(Nccl, TellsItsVersion) {
  EXPECT_THAT(nccl_version(), testing::MatchesRegex("2[.][0-9]+[.][0-9]+"));
  nccl_double::report_version(22809);
  EXPECT_EQ(nccl_version(), "2.28.9");
  nccl_double::report_version(0);
}

TEST(Nccl, AnotherReleaseThanItWasBuiltForIsRefusedUnlessRanksAreToShareAGpu) {
  constexpr int kNewer = NCCL_VERSION_CODE + 100, kOlder = NCCL_VERSION_CODE - 100;
  const DoubleSession session;
  int argc = 0;
  char** argv = nullptr;
  World world(argc, argv);
  const auto connect = [&] { make_nccl_communicator(world, 0)->barrier(); };
  const auto is_refused = ThrowsMessage<RunError>(HasSubstr("was loaded, but zoetrope was built for"));
  nccl_double::report_version(kNewer);
  EXPECT_THAT(connect, is_refused);
  setenv("NCCL_MULTI_RANK_GPU_ENABLE", "1", 1);
  EXPECT_NO_THROW(connect());
  nccl_double::report_version(kOlder);
  EXPECT_THAT(connect, is_refused);
  unsetenv("NCCL_MULTI_RANK_GPU_ENABLE");
  nccl_double::report_version(0);
}

TEST(Nccl, AnotherReleaseOnOneRankIsRefusedByAll) {
  const DoubleSession session;
  int argc = 0;
  char** argv = nullptr;
  World world(argc, argv);
  const int last = world.size() - 1;
  if (world.rank() == last) nccl_double::report_version(NCCL_VERSION_CODE - 100);
  EXPECT_THAT(
      [&] { make_nccl_communicator(world, 0, 600s); },
      ThrowsMessage<RunError>(AllOf(HasSubstr(world.size() > 1 ? "rank " + std::to_string(last) : "NCCL"),
                                    HasSubstr("was loaded, but zoetrope was built for"))));
  nccl_double::report_version(0);
  make_nccl_communicator(world, 0)->barrier();
}

}  // namespace
}  // namespace zoetrope::comm
