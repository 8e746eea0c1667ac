// SPDX-License-Identifier: Apache-2.0
// Batches on their way from the host to a device, beside the computation.
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>

namespace zoetrope::compute {

class Uploader {
 public:
  explicit Uploader(at::Device device);

  // `host` on the device: through pinned memory on a stream of its own, which the current stream waits for.
  // The host waits for nothing. On the CPU, `host` itself.
  at::Tensor upload(const at::Tensor& host) const;

 private:
  at::Device device_;
  std::optional<c10::Stream> copies_;
};

}  // namespace zoetrope::compute
