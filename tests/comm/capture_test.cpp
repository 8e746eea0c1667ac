// SPDX-License-Identifier: Apache-2.0
// Captures collectives in a graph over the double, rightly once, then breaking CUDA's and NCCL's rules on
// purpose, one at a time, to show that the double finds it out. Two ranks.
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

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

class Capture : public Double {
 protected:
  static void begin(cudaStreamCaptureMode mode = cudaStreamCaptureModeThreadLocal) {
    ASSERT_EQ(cudaStreamBeginCapture(host_stream(), mode), cudaSuccess);
  }
  // Ends the capture; its graph, if there is one, is ready for launch().
  cudaError_t end() {
    cudaGraph_t graph = nullptr;
    const cudaError_t error = cudaStreamEndCapture(host_stream(), &graph);
    if (graph == nullptr) return error;
    EXPECT_EQ(cudaGraphInstantiate(&exec_, graph, 0), cudaSuccess);
    cudaGraphDestroy(graph);
    return error;
  }
  void capture_all_reduce() {
    begin();
    order_after_host();
    all_reduce(values_);
    finish();
    ASSERT_EQ(end(), cudaSuccess);
  }
  void TearDown() override {
    if (exec_ != nullptr) cudaGraphExecDestroy(std::exchange(exec_, nullptr));
    Double::TearDown();
  }

  cudaGraphExec_t exec_ = nullptr;
};

TEST_F(Capture, FindsNothingWrongWithACorrectProgram) {
  capture_all_reduce();
  EXPECT_EQ(values_, std::vector<float>(10, 1.0F));  // nothing has run

  cudaGraphLaunch(exec_, host_stream());
  EXPECT_EQ(values_, std::vector<float>(10, 2.0F));
  values_[3] = 5.0F;  // read anew by each launch
  cudaGraphLaunch(exec_, host_stream());
  EXPECT_EQ(values_[3], 10.0F);

  order_after_host();  // collectives go on outside of the graph
  all_reduce(values_);
  finish();
  EXPECT_EQ(values_[3], 20.0F);
  EXPECT_THAT(take_violations(), IsEmpty());
}

TEST_F(Capture, FindsNothingWrongWithALaunchOnAnotherStream) {
  capture_all_reduce();
  order_after_host();
  cudaGraphLaunch(exec_, stream_);
  cudaEventRecord(done_, stream_);
  cudaStreamWaitEvent(host_stream(), done_, 0);
  EXPECT_EQ(values_, std::vector<float>(10, 2.0F));
  EXPECT_THAT(take_violations(), IsEmpty());
}

TEST_F(Capture, FindsALaunchThatIsNotOrderedAfterTheComputation) {
  capture_all_reduce();
  cudaGraphLaunch(exec_, stream_);
  cudaEventRecord(done_, stream_);
  cudaStreamWaitEvent(host_stream(), done_, 0);
  EXPECT_THAT(take_violations(),
              ElementsAre("ncclAllReduce on a stream that is not ordered after the caller's stream"));
}

TEST_F(Capture, FindsAStreamThatDoesNotReturn) {
  begin();
  order_after_host();
  all_reduce(values_);
  settle(comm_);
  EXPECT_EQ(end(), cudaErrorStreamCaptureUnjoined);
  EXPECT_THAT(take_violations(),
              ElementsAre("a stream that joined the capture has work that did not return to it"));
}

TEST_F(Capture, FindsWorkAfterTheEventThatReturns) {
  std::vector<float> others(10, 2.0F);
  begin();
  order_after_host();
  all_reduce(values_);
  finish();
  order_after_host();
  all_reduce(others);
  settle(comm_);
  EXPECT_EQ(end(), cudaErrorStreamCaptureUnjoined);
  EXPECT_THAT(take_violations(), ElementsAre(HasSubstr("did not return")));
}

TEST_F(Capture, FindsACollectiveOnAStreamThatDidNotJoin) {
  begin();
  all_reduce(values_);
  settle(comm_);
  EXPECT_EQ(end(), cudaSuccess);
  EXPECT_THAT(take_violations(),
              Contains("ncclAllReduce on a stream that did not join the capture under way"));
  finish();
}

TEST_F(Capture, FindsAWaitForAnEventFromOutside) {
  cudaEventRecord(done_, stream_);
  begin();
  EXPECT_EQ(cudaStreamWaitEvent(host_stream(), done_, 0), cudaErrorStreamCaptureIsolation);
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
  EXPECT_THAT(take_violations(),
              ElementsAre("a captured stream waits for an event from outside of the capture"));
}

TEST_F(Capture, FindsUsesOfACapturedEventAfterItsCapture) {
  capture_all_reduce();
  EXPECT_EQ(cudaEventQuery(done_), cudaErrorCapturedEvent);
  EXPECT_EQ(cudaEventSynchronize(done_), cudaErrorCapturedEvent);
  EXPECT_EQ(cudaStreamWaitEvent(stream_, done_, 0), cudaErrorCapturedEvent);
  EXPECT_THAT(take_violations(),
              ElementsAre("cudaEventQuery of an event that was recorded in a capture",
                          "cudaEventSynchronize of an event that was recorded in a capture",
                          "a stream waits for an event that was recorded in a capture that has ended"));
}

TEST_F(Capture, FindsACapturedEventThatIsQueriedMeanwhile) {
  begin();
  order_after_host();
  std::thread watchdog([this] { EXPECT_EQ(cudaEventQuery(ready_), cudaErrorCapturedEvent); });
  watchdog.join();
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
  EXPECT_THAT(take_violations(), ElementsAre(HasSubstr("cudaEventQuery of an event that was recorded")));
}

TEST_F(Capture, AnotherThreadMayQueryOtherEvents) {
  cudaEventRecord(done_, stream_);
  begin();
  std::thread watchdog([this] { cudaEventQuery(done_); });
  watchdog.join();
  EXPECT_EQ(end(), cudaSuccess);
  EXPECT_THAT(take_violations(), IsEmpty());
}

TEST_F(Capture, FindsAQueryByTheThreadThatCaptures) {
  cudaEventRecord(done_, stream_);
  begin();
  EXPECT_EQ(cudaEventQuery(done_), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
  EXPECT_THAT(take_violations(), ElementsAre("cudaEventQuery by the thread that captures"));
}

TEST_F(Capture, FindsASynchronisation) {
  begin();
  order_after_host();
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
  EXPECT_THAT(take_violations(), ElementsAre("cudaStreamSynchronize of a stream that is being captured"));
}

TEST_F(Capture, FindsACaptureThatOtherThreadsCanBreak) {
  begin(cudaStreamCaptureModeGlobal);
  EXPECT_EQ(end(), cudaSuccess);
  EXPECT_THAT(take_violations(), ElementsAre(HasSubstr("global mode")));
}

TEST_F(Capture, FindsAnEndByAnotherThread) {
  begin();
  std::thread other([] {
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(host_stream(), &graph), cudaErrorStreamCaptureWrongThread);
  });
  other.join();
  EXPECT_EQ(end(), cudaSuccess);
  EXPECT_THAT(take_violations(), ElementsAre("a capture is ended by another thread than began it"));
}

TEST_F(Capture, FindsTwoUsesOfABufferThatAreNotOrdered) {
  begin();
  order_after_host();
  all_reduce(values_);
  settle(comm_);
  order_after_host();
  all_reduce(values_);
  finish();
  end();
  EXPECT_THAT(take_violations(), Contains(HasSubstr("which is still in flight")));
}

TEST_F(Capture, FindsAnEventRecordedBeforeNcclHasTakenTheCall) {
  begin();
  order_after_host();
  all_reduce(values_);
  cudaEventRecord(done_, stream_);
  settle(comm_);
  finish();
  end();
  EXPECT_THAT(take_violations(),
              ElementsAre("an event is recorded before NCCL has taken the calls before it"));
}

TEST_F(Capture, FindsGraphsOfDifferentCalls) {
  begin();
  order_after_host();
  all_reduce(values_, rank_ == 0 ? 10 : 9, ncclFloat32);
  finish();
  end();
  EXPECT_THAT(take_violations(), IsEmpty());  // nothing has been compared yet
  cudaGraphLaunch(exec_, host_stream());
  EXPECT_THAT(take_violations(), ElementsAre(HasSubstr("calls all-reduce of 9")));
}

TEST_F(Capture, FindsAGraphThatOutlivesItsCommunicator) {
  capture_all_reduce();
  ncclCommFinalize(comm_);
  settle(comm_);
  ncclCommDestroy(std::exchange(comm_, nullptr));
  cudaGraphLaunch(exec_, host_stream());
  EXPECT_THAT(take_violations(), ElementsAre("a communicator ends while a graph holds its collectives",
                                             "cudaGraphLaunch with a communicator that was destroyed"));
}

TEST_F(Capture, FindsWhatIsNotFreed) {
  capture_all_reduce();
  EXPECT_THAT(live_objects(), HasSubstr("1 executable graph"));
}

}  // namespace
}  // namespace zoetrope::comm
