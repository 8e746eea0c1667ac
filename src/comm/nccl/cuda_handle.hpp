// SPDX-License-Identifier: Apache-2.0
// Owners of CUDA streams and events.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <cuda_runtime_api.h>

namespace zoetrope::comm {

// A stream of the highest priority, which does not wait for the default stream: a collective's kernel should
// start as soon as its input is there, also among many of the computation's.
class CommunicationStream {
 public:
  CommunicationStream();
  ~CommunicationStream();
  CommunicationStream(const CommunicationStream&) = delete;
  CommunicationStream& operator=(const CommunicationStream&) = delete;

  cudaStream_t get() const noexcept { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

// An event lent by an EventPool; goes back to it when the last owner drops it.
using Event = std::shared_ptr<CUevent_st>;

// Events without timing. Making one takes longer than recording it, so they are used again.
class EventPool : public std::enable_shared_from_this<EventPool> {
 public:
  EventPool() = default;
  ~EventPool();
  EventPool(const EventPool&) = delete;
  EventPool& operator=(const EventPool&) = delete;

  Event take();

 private:
  std::mutex mutex_;
  std::vector<cudaEvent_t> idle_;
};

}  // namespace zoetrope::comm
