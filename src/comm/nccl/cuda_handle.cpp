// SPDX-License-Identifier: Apache-2.0
#include "nccl/cuda_handle.hpp"

#include "nccl/check.hpp"

namespace zoetrope::comm {

CommunicationStream::CommunicationStream() {
  int least = 0;
  int greatest = 0;
  ZT_CHECK_CUDA(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  ZT_CHECK_CUDA(cudaStreamCreateWithPriority(&stream_, cudaStreamNonBlocking, greatest));
}

CommunicationStream::~CommunicationStream() {
  cudaStreamDestroy(stream_);
}

EventPool::~EventPool() {
  for (const cudaEvent_t event : idle_) cudaEventDestroy(event);
}

Event EventPool::take() {
  cudaEvent_t event = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      event = idle_.back();
      idle_.pop_back();
    }
  }
  if (event == nullptr) ZT_CHECK_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  return {event, [pool = shared_from_this()](cudaEvent_t done) {
            const std::lock_guard lock(pool->mutex_);
            pool->idle_.push_back(done);
          }};
}

}  // namespace zoetrope::comm
