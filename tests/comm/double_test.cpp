// SPDX-License-Identifier: Apache-2.0
// Breaks the rules of NCCL and CUDA on purpose, one at a time, to show that the double finds it out. Two
// ranks.
#include "comm/double/double.hpp"

#include <chrono>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mpi.h>

#include "comm/double_fixture.hpp"

namespace zoetrope::comm {
namespace {

using nccl_double::host_stream;
using nccl_double::live_objects;
using nccl_double::take_violations;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(Double, FindsNothingWrongWithACorrectProgram) {
  for (int i = 0; i < 3; ++i) {
    order_after_host();
    EXPECT_EQ(all_reduce(values_), ncclInProgress);
    finish();
  }
  EXPECT_EQ(values_, std::vector<float>(10, 8.0F));

  ncclCommFinalize(comm_);
  EXPECT_EQ(settle(comm_), ncclSuccess);
  ncclCommDestroy(comm_);
  comm_ = nullptr;
  EXPECT_THAT(take_violations(), IsEmpty());
}

TEST_F(Double, FindsDifferentCounts) {
  order_after_host();
  all_reduce(values_, rank_ == 0 ? 10 : 9, ncclFloat32);
  finish();
  EXPECT_THAT(
      take_violations(),
      ElementsAre(HasSubstr(rank_ == 0 ? "rank 0 calls all-reduce of 10 of type 7, operation 0, root -1, "
                                         "call 0 of group 0; rank 1 calls all-reduce of 9"
                                       : "rank 1 calls all-reduce of 9")));
}

TEST_F(Double, FindsDifferentTypes) {
  order_after_host();
  all_reduce(values_, 10, rank_ == 0 ? ncclFloat32 : ncclInt32);
  finish();
  EXPECT_THAT(take_violations(), ElementsAre(HasSubstr("of type 2")));
}

TEST_F(Double, FindsDifferentOrder) {
  std::vector<float> others(10, 2.0F);
  order_after_host();
  ncclGroupStart();
  for (const bool broadcast : {rank_ == 0, rank_ != 0}) {
    if (broadcast)
      ncclBroadcast(values_.data(), values_.data(), 10, ncclFloat32, 0, comm_, stream_);
    else
      all_reduce(others);
  }
  ncclGroupEnd();
  finish();
  EXPECT_THAT(take_violations(), ElementsAre(HasSubstr("calls broadcast")));
}

TEST_F(Double, FindsDifferentGrouping) {
  std::vector<float> others(10, 2.0F);
  order_after_host();
  if (rank_ == 0) ncclGroupStart();
  all_reduce(values_);
  if (rank_ == 0) {
    all_reduce(others);
    ncclGroupEnd();
    finish();
  } else {
    finish();
    order_after_host();
    all_reduce(others);
    finish();
  }
  EXPECT_THAT(take_violations(), Contains(HasSubstr("call 0 of group 1")));
}

TEST_F(Double, FindsACollectiveThatIsNotOrderedAfterTheComputation) {
  all_reduce(values_);
  finish();
  EXPECT_THAT(take_violations(),
              ElementsAre("ncclAllReduce on a stream that is not ordered after the caller's stream"));
}

TEST_F(Double, FindsAnEventFromBeforeTheLatestComputation) {
  order_after_host();
  all_reduce(values_);
  finish();
  all_reduce(values_);  // the host may have written to values_ since
  finish();
  EXPECT_THAT(take_violations(),
              ElementsAre("ncclAllReduce on a stream that is not ordered after the caller's stream"));
}

TEST_F(Double, ShowsNothingOfAResultThatIsNotAwaited) {
  order_after_host();
  all_reduce(values_);
  settle(comm_);
  cudaEventRecord(done_, stream_);
  while (cudaEventQuery(done_) == cudaErrorNotReady)
    std::this_thread::yield();  // done, but not ordered before us
  EXPECT_TRUE(std::isnan(values_[3]));
  cudaStreamWaitEvent(host_stream(), done_, 0);
  EXPECT_EQ(values_[3], 2.0F);
}

TEST_F(Double, FindsAWriteToAResultThatIsNotAwaited) {
  order_after_host();
  all_reduce(values_);
  values_[3] = 0.0F;
  finish();
  EXPECT_THAT(take_violations(), ElementsAre("what ncclAllReduce receives was written to while in flight"));
}

TEST_F(Double, FindsAWriteToWhatIsBeingSent) {
  std::vector<float> all(20);
  order_after_host();
  ncclAllGather(values_.data(), all.data(), 10, ncclFloat32, comm_, stream_);
  values_[3] = 0.0F;
  finish();
  EXPECT_THAT(take_violations(), ElementsAre("what ncclAllGather sends was written to while in flight"));
}

TEST_F(Double, FindsABufferThatIsUsedTwiceAtATime) {
  order_after_host();
  all_reduce(values_);
  settle(comm_);
  order_after_host();
  all_reduce(values_);
  finish();
  EXPECT_THAT(take_violations(),
              Contains(HasSubstr("uses a buffer of ncclAllReduce, which is still in flight")));
}

TEST_F(Double, FindsAWaitForAnEventThatWasNeverRecorded) {
  cudaStreamWaitEvent(stream_, done_, 0);
  EXPECT_THAT(take_violations(), ElementsAre(HasSubstr("never recorded")));
}

TEST_F(Double, FindsAnEventRecordedBeforeNcclHasTakenTheCall) {
  order_after_host();
  all_reduce(values_);
  cudaEventRecord(done_, stream_);
  settle(comm_);
  finish();
  EXPECT_THAT(take_violations(),
              ElementsAre("an event is recorded before NCCL has taken the calls before it"));
}

TEST_F(Double, FindsACallWhileTheLastIsInProgress) {
  std::vector<float> others(10);
  order_after_host();
  all_reduce(values_);
  EXPECT_EQ(all_reduce(others), ncclInvalidUsage);
  finish();
  EXPECT_THAT(take_violations(),
              Contains("ncclAllReduce with a communicator whose last call is still in progress"));
}

TEST_F(Double, FindsGroupsThatAreNotBalanced) {
  ncclGroupStart();
  EXPECT_THAT(take_violations(), ElementsAre("a group was left open"));
  ncclGroupEnd();
  EXPECT_THAT(take_violations(), ElementsAre("a group is closed that is not open"));
}

TEST_F(Double, FindsUsesAfterAbort) {
  ncclCommAbort(comm_);
  order_after_host();
  EXPECT_EQ(all_reduce(values_), ncclInvalidUsage);
  ncclResult_t state = ncclSuccess;
  EXPECT_EQ(ncclCommGetAsyncError(comm_, &state), ncclInvalidUsage);
  EXPECT_EQ(ncclCommAbort(comm_), ncclInvalidUsage);
  comm_ = nullptr;
  EXPECT_THAT(take_violations(), ElementsAre("ncclAllReduce with a communicator that was aborted",
                                             "ncclCommGetAsyncError of a communicator that was aborted",
                                             "ncclCommAbort of a communicator that has ended"));
}

TEST_F(Double, FindsADestructionWithoutFinalisation) {
  ncclCommDestroy(comm_);
  EXPECT_THAT(take_violations(), ElementsAre("a communicator is destroyed before it is finalised"));
  EXPECT_EQ(ncclCommDestroy(comm_), ncclInvalidUsage);
  comm_ = nullptr;
}

TEST_F(Double, FindsUsesOfDestroyedStreamsAndEvents) {
  cudaStream_t stream = nullptr;
  cudaEvent_t event = nullptr;
  cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, -5);
  cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
  cudaStreamDestroy(stream);
  cudaEventDestroy(event);
  EXPECT_NE(cudaEventRecord(ready_, stream), cudaSuccess);
  EXPECT_NE(cudaEventQuery(event), cudaSuccess);
  EXPECT_THAT(take_violations(), ElementsAre("cudaEventRecord with a stream that was destroyed",
                                             "cudaEventQuery with an event that was destroyed"));
}

TEST_F(Double, FindsWhatIsNotFreed) {
  cudaEvent_t event = nullptr;
  cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
  EXPECT_EQ(live_objects(), "1 communicator, 3 events, 1 stream");
  cudaEventDestroy(event);
  EXPECT_EQ(live_objects(), "1 communicator, 2 events, 1 stream");
}

TEST_F(Double, FindsSlowEventsAndStreamsOfLowPriority) {
  cudaStream_t stream = nullptr;
  cudaEvent_t event = nullptr;
  cudaStreamCreateWithPriority(&stream, cudaStreamDefault, 0);
  cudaEventCreateWithFlags(&event, cudaEventDefault);
  EXPECT_THAT(take_violations(), ElementsAre(HasSubstr("waits for the default stream"),
                                             HasSubstr("without high priority"), HasSubstr("with timing")));
  cudaStreamDestroy(stream);
  cudaEventDestroy(event);
}

TEST_F(Double, FindsRegistrationsThatAreLeft) {
  void* handle = nullptr;
  ncclCommRegister(comm_, values_.data(), 40, &handle);
  EXPECT_EQ(ncclCommRegister(comm_, values_.data(), 40, &handle), ncclInvalidUsage);
  ncclCommFinalize(comm_);
  settle(comm_);
  ncclCommDestroy(comm_);
  comm_ = nullptr;
  EXPECT_THAT(take_violations(),
              ElementsAre("a buffer is registered twice", "a communicator ends with buffers registered"));
}

TEST_F(Double, FindsASendThatDoesNotFitItsReceive) {
  order_after_host();
  if (rank_ == 0)
    ncclSend(values_.data(), 10, ncclFloat32, 1, comm_, stream_);
  else
    ncclRecv(values_.data(), 9, ncclFloat32, 0, comm_, stream_);
  finish();
  if (rank_ == 0)
    EXPECT_THAT(take_violations(), IsEmpty());  // the sender cannot know
  else
    EXPECT_THAT(take_violations(), ElementsAre("rank 1 receives 36 bytes from rank 0, which sends 40"));
}

TEST_F(Double, HangsWhenARankIsMissingUntilItIsAborted) {
  order_after_host();
  if (rank_ == 0) {
    all_reduce(values_);
    settle(comm_);
    cudaEventRecord(done_, stream_);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(cudaEventQuery(done_), cudaErrorNotReady);
    ncclCommAbort(comm_);
    comm_ = nullptr;
    cudaStreamWaitEvent(host_stream(), done_, 0);  // ends now; what it should have received stays poison
    EXPECT_TRUE(std::isnan(values_[3]));
  }
}

}  // namespace
}  // namespace zoetrope::comm
