// SPDX-License-Identifier: Apache-2.0
// A double of NCCL and the CUDA runtime for tests without a GPU. A program that links it instead of the two
// libraries runs their calls on host memory, between MPI ranks, and has its use of them checked:
//
//   - All ranks of a communicator make the same calls in the same order, with the same counts, types,
//   operations, roots
//     and grouping; sends and receives agree.
//   - A collective's stream is ordered after what the caller's stream holds. The caller's stream is
//   host_stream(): its
//     work is what the host thread itself does, so it must be assumed to go on between any two calls here.
//   - Nobody uses a buffer before the collective's end is awaited: until the host stream is ordered after it,
//   what is to
//     be received is poison (all bits set: NaN), and a change to it, or to what is being sent, is found out.
//   - Events are awaited after they are recorded, and recorded after NCCL has taken the calls before them:
//   communicators
//     are non-blocking here and stay "in progress" for a while after each call.
//   - In a capture (cudaStreamBeginCapture, in thread-local mode) collectives are recorded and not run: on
//   streams that joined it by an event and return to it before its end; no captured event or stream is waited
//   for by the host or from outside, none from outside is waited for within; launching the graph runs the
//   collectives with what their buffers hold then; graphs end before their communicators.
//   - Groups are closed, nothing is used after its end, everything is freed.
//
// What breaks a rule is a violation: a sentence in take_violations(). The call itself goes on where it can.
#pragma once

#include <string>
#include <vector>

#include <cuda_runtime_api.h>
#include <nccl.h>

namespace zoetrope::comm::nccl_double {

// Both are collective over MPI's world; MPI allows several threads (MPI_THREAD_MULTIPLE).
void set_up();
void tear_down();

cudaStream_t host_stream();

// The violations of this rank since the last call, in the order found.
std::vector<std::string> take_violations();

// "2 events, 1 communicator": what is not freed yet; "" when nothing is left.
std::string live_objects();

// From now on every communicator of this rank reports `error` as its asynchronous error, as after a broken
// link.
void break_communicators(ncclResult_t error);

// What ncclGetVersion says on this rank from now on, as in 22809; 0 for that of the headers.
void report_version(int code);

// From now on all ranks of this host see the same device, as on a host that has one; else each has its own.
void share_device(bool share);

// What goes wrong on this rank from now on, until another is set.
enum class Fault {
  kNone,
  kCollectivesHang,       // those called from now on never end, until they are aborted
  kCallsStayInProgress,   // NCCL takes no call from now on, until the communicator is aborted
  kDeviceIsLost,          // asked for an event, the device says what it says after an uncorrectable error
  kEventsAreNotAnswered,  // cudaEventQuery does not come back
  kNcclIsNotAnswering,    // ncclCommGetAsyncError does not come back
  kNoMemoryForGraphs,     // a graph that was captured cannot be made executable
};
void set_fault(Fault fault);
Fault fault();
// Blocks the calling thread while `fault` is set.
void wait_while(Fault fault);

// From now on no capture can begin on this rank, as on a device that does not support it.
void refuse_captures(bool refuse);

}  // namespace zoetrope::comm::nccl_double
