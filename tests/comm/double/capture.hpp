// SPDX-License-Identifier: Apache-2.0
// Stream capture: what is recorded in place of being run, and the graphs made of it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <nccl.h>

#include "exchange.hpp"
#include "model.hpp"

namespace zoetrope::comm::nccl_double {

// NCCL calls that were made as one group on one communicator.
struct CapturedGroup {
  ncclComm_t comm = nullptr;
  std::vector<Call> calls;
};

// From cudaStreamBeginCapture to cudaStreamEndCapture.
struct Capture {
  CUstream_st* origin = nullptr;
  std::thread::id thread;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  bool is_active = true;
  bool is_valid = true;
  std::vector<CUstream_st*> streams;  // the origin, and those that have joined it
  std::vector<CapturedGroup> groups;
};

// A capture that this thread has begun and not ended, if any.
Capture* capture_of_this_thread();
// While this thread captures, other than in relaxed mode, it may not query events.
bool may_not_ask_for_events();

// Runs a captured group on `stream`, with what its buffers hold then.
void replay(const CapturedGroup& group, CUstream_st* stream);
// A graph is made or dropped that holds collectives of this communicator.
void count_graph(ncclComm_t comm, int change);

// The calls from here to end_expecting() must be those of `groups`, with the same buffers.
void begin_expecting(const std::vector<CapturedGroup>& groups);
void end_expecting();

}  // namespace zoetrope::comm::nccl_double

// CUDA's own opaque types, given a body here.
struct CUgraph_st {
  std::vector<zoetrope::comm::nccl_double::CapturedGroup> groups;
};
struct CUgraphExec_st {
  std::vector<zoetrope::comm::nccl_double::CapturedGroup> groups;
};
