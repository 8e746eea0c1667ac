// SPDX-License-Identifier: Apache-2.0
// Results on their way from a device to the host, beside the computation.
#pragma once

#include <memory>

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

namespace zoetrope::compute {

// Starts when what the current stream holds so far is done, on a stream beside it and into pinned memory, so
// that neither the host nor that stream waits. A CPU tensor is not copied. Copies of this object share one
// copy of the tensor.
class HostCopy {
 public:
  HostCopy() = default;
  // `tensor` must not be changed before wait().
  explicit HostCopy(const at::Tensor& tensor);

  // The CPU tensor, when it is there; undefined for a default-constructed one. From any thread.
  const at::Tensor& wait() const;

 private:
  at::Tensor source_;  // alive until the copy is
  at::Tensor host_;
  std::shared_ptr<c10::Event> done_;
};

}  // namespace zoetrope::compute
