// SPDX-License-Identifier: Apache-2.0
// Results on their way from a device to the host, beside the computation.
#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

namespace zoetrope::compute {

// Starts when what the current stream holds so far is done, on a stream beside it and into pinned memory, so
// that neither the host nor that stream waits. A CPU tensor is not copied. Copies of this object share one
// copy of the tensor.
class HostCopy {
 public:
  HostCopy() = default;
  // `tensor` must not be changed before wait(), but may be let go of: the device has its memory back when the
  // copy is made, whenever the host asks for it.
  explicit HostCopy(const at::Tensor& tensor);

  // The CPU tensor, when it is there; undefined for a default-constructed one. From any thread.
  at::Tensor wait() const;
  // Waits, and moves the tensor to ordinary memory: from then on wait() needs no device, in a child of this
  // process neither, which has no use of the device's driver and does not see memory that is pinned for it.
  // Who has the tensor from wait() already keeps that one. For all copies of this object; from any thread.
  void leave_device() const;

 private:
  struct Arriving;
  at::Tensor tensor_;                   // where it was on the CPU
  std::shared_ptr<Arriving> arriving_;  // where it was not
};

}  // namespace zoetrope::compute
