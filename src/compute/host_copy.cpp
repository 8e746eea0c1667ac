// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/host_copy.hpp"

#include <atomic>
#include <mutex>
#include <optional>

#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "zoetrope/support/trace.hpp"

namespace zoetrope::compute {

namespace {

// Whether record_stream() keeps the tensor's memory from others until the stream is done with it. Of memory
// that is not its own, as of NCCL's or of a caller's buffer, the device's allocator takes no notice.
bool is_of_caching_allocator(const at::Tensor& tensor) {
  const c10::DeleterFnPtr own = c10::GetAllocator(tensor.device().type())->raw_deleter();
  return own != nullptr && tensor.storage().data_ptr().get_deleter() == own;
}

}  // namespace

// A child does not lock the mutex, which a thread may hold that is not there: once the tensor has left the
// device nothing changes any more, and nobody needs it.
struct HostCopy::Arriving {
  void wait() {
    if (!done) return;
    const trace::Span span("waiting for the device");
    done->synchronize();
    done.reset();
    source.reset();
  }

  std::atomic<bool> has_left_device = false;
  std::mutex mutex;   // of what follows, until then
  at::Tensor source;  // until the copy is there; only where nothing else keeps its memory until then
  at::Tensor host;
  std::optional<c10::Event> done;
};

HostCopy::HostCopy(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_cpu()) {
    tensor_ = tensor;
    return;
  }
  const trace::Span span("queueing a copy to the host", "bytes", static_cast<std::int64_t>(tensor.nbytes()));
  const c10::impl::VirtualGuardImpl device(tensor.device().type());
  const c10::Stream compute = device.getStream(tensor.device());
  const c10::Stream copies = device.getStreamFromGlobalPool(tensor.device());
  c10::Event ready(tensor.device().type());
  ready.record(compute);
  ready.block(copies);
  arriving_ = std::make_shared<Arriving>();
  arriving_->host = at::empty(tensor.sizes(), tensor.options().device(at::kCPU).pinned_memory(true));
  const c10::StreamGuard scope(copies);
  arriving_->host.copy_(tensor, /*non_blocking=*/true);
  arriving_->done.emplace(tensor.device().type());
  arriving_->done->record(copies);
  if (is_of_caching_allocator(tensor)) {
    tensor.record_stream(copies);
  } else {
    arriving_->source = tensor;
  }
}

at::Tensor HostCopy::wait() const {
  if (!arriving_) return tensor_;
  if (arriving_->has_left_device) return arriving_->host;
  const std::lock_guard lock(arriving_->mutex);
  arriving_->wait();
  return arriving_->host;
}

void HostCopy::leave_device() const {
  if (!arriving_) return;
  const std::lock_guard lock(arriving_->mutex);
  if (arriving_->has_left_device) return;
  arriving_->wait();
  arriving_->host = arriving_->host.clone();
  arriving_->has_left_device = true;
}

}  // namespace zoetrope::compute
