// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/own_stream.hpp"

#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace zoetrope::compute {
namespace {

void order(const c10::Stream& first, const c10::Stream& second) {
  c10::Event reached(first.device_type());
  reached.record(first);
  reached.block(second);
}

}  // namespace

OwnStream::OwnStream(at::Device device, StreamPriority priority) {
  if (device.is_cpu()) return;
  const c10::impl::VirtualGuardImpl guard(device.type());
  before_ = guard.getStream(device);
  own_ = guard.getStreamFromGlobalPool(device, priority == StreamPriority::kHigh);
  order(*before_, *own_);
  guard.exchangeStream(*own_);
}

OwnStream::~OwnStream() {
  if (!own_) return;
  try {
    order(*own_, *before_);
  } catch (const c10::Error&) {  // a device that has failed; who waits for its results learns of it
  }
  c10::impl::VirtualGuardImpl(own_->device_type()).exchangeStream(*before_);
}

}  // namespace zoetrope::compute
