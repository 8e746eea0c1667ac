// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/upload.hpp"

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "zoetrope/support/trace.hpp"

namespace zoetrope::compute {

Uploader::Uploader(at::Device device) : device_(device) {
  if (!device.is_cpu()) copies_ = c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
}

at::Tensor Uploader::upload(const at::Tensor& host) const {
  if (!copies_) return host;
  const trace::Span span("queueing a copy to the device", "bytes", static_cast<std::int64_t>(host.nbytes()));
  const c10::Stream compute = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
  const at::Tensor pinned = host.pin_memory();  // its allocator keeps it until the copy is done
  c10::Event copied(device_.type());
  at::Tensor there;
  {
    const c10::StreamGuard scope(*copies_);
    there = pinned.to(device_, /*non_blocking=*/true);
    copied.record(*copies_);
  }
  copied.block(compute);
  there.record_stream(compute);
  return there;
}

}  // namespace zoetrope::compute
