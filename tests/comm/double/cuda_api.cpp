// SPDX-License-Identifier: Apache-2.0
// The part of the CUDA runtime's C interface that the NCCL backend uses. Its rules are in double.hpp.
#include <memory>
#include <string>

#include <cuda_runtime_api.h>

#include "capture.hpp"
#include "double.hpp"
#include "model.hpp"

using zoetrope::comm::nccl_double::Capture;
using zoetrope::comm::nccl_double::Clock;
using zoetrope::comm::nccl_double::Flag;
using zoetrope::comm::nccl_double::join;
using zoetrope::comm::nccl_double::Model;

namespace {

Model& model() {
  return Model::instance();
}

bool is_usable(const CUevent_st* event, const char* call) {
  if (event != nullptr && !event->is_destroyed) return true;
  model().violation(std::string(call) + " with an event that was destroyed");
  return false;
}

bool is_usable(const CUstream_st* stream, const char* call) {
  if (stream != nullptr && !stream->is_destroyed) return true;
  model().violation(std::string(call) + " with a stream that was destroyed");
  return false;
}

// Whatever was captured has no result that could be waited for.
bool is_captured(const CUevent_st* event, const char* call) {
  if (!event->capture) return false;
  model().violation(std::string(call) + " of an event that was recorded in a capture");
  if (event->capture->is_active) event->capture->is_valid = false;
  return true;
}

// The wait of a stream for an event where one of them is captured.
cudaError_t wait_in_capture(CUstream_st* stream, CUevent_st* event) {
  if (!event->capture) {
    model().violation("a captured stream waits for an event from outside of the capture");
    stream->capture->is_valid = false;
    return cudaErrorStreamCaptureIsolation;
  }
  if (!event->capture->is_active) {
    model().violation("a stream waits for an event that was recorded in a capture that has ended");
    return cudaErrorCapturedEvent;
  }
  if (stream->capture && stream->capture != event->capture) {
    model().violation("two captures are merged");
    return cudaErrorStreamCaptureMerge;
  }
  if (!stream->capture) {
    stream->capture = event->capture;
    event->capture->streams.push_back(stream);
  }
  {
    const std::lock_guard lock(model().mutex());
    join(stream->knows, event->knows);
  }
  if (stream->is_host) model().deliver(event->knows);
  return cudaSuccess;
}

}  // namespace

extern "C" {

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorNotReady:
      return "not ready";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorECCUncorrectable:
      return "uncorrectable ECC error encountered";
    default:
      return "refused by the double";
  }
}

const char* cudaGetErrorName(cudaError_t error) {
  return error == cudaErrorECCUncorrectable ? "cudaErrorECCUncorrectable" : "an error of the double";
}

cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess : cudaErrorInvalidDevice;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority) {
  if (flags != cudaStreamNonBlocking) model().violation("a stream that waits for the default stream");
  if (priority != -5) model().violation("a communication stream without high priority");
  *stream = model().keep(std::make_unique<CUstream_st>());
  model().count("stream", 1);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (!is_usable(stream, "cudaStreamDestroy")) return cudaErrorInvalidResourceHandle;
  stream->finish();
  stream->is_destroyed = true;
  model().count("stream", -1);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (!is_usable(stream, "cudaStreamSynchronize")) return cudaErrorInvalidResourceHandle;
  if (stream->capture) {
    model().violation("cudaStreamSynchronize of a stream that is being captured");
    stream->capture->is_valid = false;
    return cudaErrorStreamCaptureUnsupported;
  }
  const auto reached = std::make_shared<Flag>();
  stream->queue([reached] { reached->raise(); });
  reached->wait();
  Clock knows;
  {
    const std::lock_guard lock(model().mutex());
    knows = stream->knows;
  }
  model().deliver(knows);
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  if ((flags & cudaEventDisableTiming) == 0) model().violation("an event with timing, which is slow");
  *event = model().keep(std::make_unique<CUevent_st>());
  model().count("event", 1);
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  if (!is_usable(event, "cudaEventDestroy")) return cudaErrorInvalidResourceHandle;
  event->is_destroyed = true;
  model().count("event", -1);
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (!is_usable(event, "cudaEventRecord") || !is_usable(stream, "cudaEventRecord")) {
    return cudaErrorInvalidResourceHandle;
  }
  const auto flag = std::make_shared<Flag>();
  {
    const std::lock_guard lock(model().mutex());
    stream->knows[stream] = ++stream->time;
    event->knows = stream->knows;
    event->has_happened = flag;
    event->capture = stream->capture;
  }
  if (stream->unsettled > 0) {
    model().violation("an event is recorded before NCCL has taken the calls before it");
  }
  if (!stream->capture) stream->queue([flag] { flag->raise(); });
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (!is_usable(event, "cudaEventQuery")) return cudaErrorInvalidResourceHandle;
  if (is_captured(event, "cudaEventQuery")) return cudaErrorCapturedEvent;
  if (zoetrope::comm::nccl_double::may_not_ask_for_events()) {
    model().violation("cudaEventQuery by the thread that captures");
    zoetrope::comm::nccl_double::capture_of_this_thread()->is_valid = false;
    return cudaErrorStreamCaptureUnsupported;
  }
  using zoetrope::comm::nccl_double::Fault;
  zoetrope::comm::nccl_double::wait_while(Fault::kEventsAreNotAnswered);
  if (zoetrope::comm::nccl_double::fault() == Fault::kDeviceIsLost) return cudaErrorECCUncorrectable;
  const std::lock_guard lock(model().mutex());
  return !event->has_happened || event->has_happened->is_raised() ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (is_usable(event, "cudaEventSynchronize") && is_captured(event, "cudaEventSynchronize"))
    return cudaErrorCapturedEvent;
  return cudaStreamWaitEvent(model().host_stream(), event, 0);  // the host stream's work is the host's
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int) {
  if (!is_usable(event, "cudaStreamWaitEvent") || !is_usable(stream, "cudaStreamWaitEvent")) {
    return cudaErrorInvalidResourceHandle;
  }
  if (stream->capture || event->capture) return wait_in_capture(stream, event);
  std::shared_ptr<Flag> flag;
  {
    const std::lock_guard lock(model().mutex());
    flag = event->has_happened;
    if (flag) join(stream->knows, event->knows);
  }
  if (!flag) {
    model().violation("a stream waits for an event that was never recorded: it does not wait at all");
    return cudaSuccess;
  }
  stream->queue([flag] { flag->wait(); });
  if (stream->is_host) model().deliver(event->knows);
  return cudaSuccess;
}

}  // extern "C"
