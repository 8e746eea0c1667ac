// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/host_copy.hpp"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "zoetrope/support/trace.hpp"

namespace zoetrope::compute {

HostCopy::HostCopy(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_cpu()) {
    host_ = tensor;
    return;
  }
  const trace::Span span("queueing a copy to the host", "bytes", static_cast<std::int64_t>(tensor.nbytes()));
  const c10::impl::VirtualGuardImpl device(tensor.device().type());
  const c10::Stream compute = device.getStream(tensor.device());
  const c10::Stream copies = device.getStreamFromGlobalPool(tensor.device());
  c10::Event ready(tensor.device().type());
  ready.record(compute);
  ready.block(copies);
  source_ = tensor;
  host_ = at::empty(tensor.sizes(), tensor.options().device(at::kCPU).pinned_memory(true));
  const c10::StreamGuard scope(copies);
  host_.copy_(source_, /*non_blocking=*/true);
  done_ = std::make_shared<c10::Event>(tensor.device().type());
  done_->record(copies);
}

const at::Tensor& HostCopy::wait() const {
  if (done_) {
    const trace::Span span("waiting for the device");
    done_->synchronize();
  }
  return host_;
}

}  // namespace zoetrope::compute
