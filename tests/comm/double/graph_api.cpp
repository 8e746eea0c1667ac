// SPDX-License-Identifier: Apache-2.0
// The part of the CUDA runtime's C interface that captures streams and launches graphs. Its rules are in
// double.hpp. Graphs hold collectives only: what else would be captured is the host's own work here.
#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include <cuda_runtime_api.h>

#include "capture.hpp"
#include "double.hpp"
#include "model.hpp"

namespace zoetrope::comm::nccl_double {
namespace {

bool refuses_captures = false;
thread_local std::shared_ptr<Capture> begun;
thread_local cudaStreamCaptureMode thread_mode = cudaStreamCaptureModeGlobal;

Model& model() {
  return Model::instance();
}

// Whether all that was captured on the streams that joined lies before the origin's last point.
bool is_joined(const Capture& capture) {
  return std::ranges::all_of(capture.streams, [&](const CUstream_st* stream) {
    return time_of(capture.origin->knows, stream) >= stream->last_captured;
  });
}

}  // namespace

void refuse_captures(bool refuse) {
  refuses_captures = refuse;
}

Capture* capture_of_this_thread() {
  return begun.get();
}

bool may_not_ask_for_events() {
  return begun && begun->mode != cudaStreamCaptureModeRelaxed && thread_mode != cudaStreamCaptureModeRelaxed;
}

}  // namespace zoetrope::comm::nccl_double

using namespace zoetrope::comm::nccl_double;

extern "C" {

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, thread_mode);
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  *status = !stream->capture            ? cudaStreamCaptureStatusNone
            : stream->capture->is_valid ? cudaStreamCaptureStatusActive
                                        : cudaStreamCaptureStatusInvalidated;
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (refuses_captures) return cudaErrorStreamCaptureUnsupported;
  if (stream->capture) {
    model().violation("cudaStreamBeginCapture of a stream that is being captured");
    return cudaErrorIllegalState;
  }
  if (mode == cudaStreamCaptureModeGlobal)
    model().violation("a capture in global mode, which a call of any other thread ends");
  begun = std::make_shared<Capture>();
  begun->origin = stream;
  begun->thread = std::this_thread::get_id();
  begun->mode = mode;
  begun->streams = {stream};
  stream->capture = begun;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  const std::shared_ptr<Capture> capture = stream->capture;
  if (!capture || capture->origin != stream) {
    model().violation("cudaStreamEndCapture of a stream on which no capture began");
    return cudaErrorIllegalState;
  }
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id()) {
    model().violation("a capture is ended by another thread than began it");
    return cudaErrorStreamCaptureWrongThread;
  }
  const bool joined = is_joined(*capture);
  if (!joined) model().violation("a stream that joined the capture has work that did not return to it");
  capture->is_active = false;
  for (CUstream_st* each : capture->streams) each->capture.reset();
  model().end_capture(capture->streams);
  begun.reset();
  if (!joined) return cudaErrorStreamCaptureUnjoined;
  if (!capture->is_valid) return cudaErrorStreamCaptureInvalidated;
  *graph = new CUgraph_st{std::move(capture->groups)};
  model().count("graph", 1);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  if (fault() == Fault::kNoMemoryForGraphs) return cudaErrorMemoryAllocation;
  *exec = new CUgraphExec_st{graph->groups};
  for (const CapturedGroup& group : (*exec)->groups) count_graph(group.comm, 1);
  model().count("executable graph", 1);
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  model().count("graph", -1);
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  for (const CapturedGroup& group : exec->groups) count_graph(group.comm, -1);
  delete exec;
  model().count("executable graph", -1);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  if (stream->capture) {
    model().violation("a graph is launched into a stream that is being captured");
    return cudaErrorStreamCaptureUnsupported;
  }
  for (const CapturedGroup& group : exec->groups) replay(group, stream);
  model().host_goes_on();
  return cudaSuccess;
}

}  // extern "C"
