// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>

namespace zoetrope::compute {

// libtorch hands out the streams of a pool in turn, 32 for each priority of a device, and the same ones again
// after that, to whichever thread asks. A stream that is captured must have nobody else on it, so the
// training takes those of high priority, and nobody else does: copies and all that goes on beside it have low
// ones.
enum class StreamPriority { kLow, kHigh };

// While it lives, what this thread queues on `device` goes to a stream of its own, after what it has queued
// before and ahead of what it queues afterwards. A device's default stream cannot be captured, and libtorch
// runs backward on the streams that were current when the model's leaves got their hooks. On a CPU it does
// nothing.
class OwnStream {
 public:
  OwnStream(at::Device device, StreamPriority priority);
  ~OwnStream();
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

 private:
  std::optional<c10::Stream> before_;
  std::optional<c10::Stream> own_;
};

}  // namespace zoetrope::compute
