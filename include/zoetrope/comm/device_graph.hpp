// SPDX-License-Identifier: Apache-2.0
// Work that is queued on a device once and then replayed as a whole: a CUDA graph. A replay costs the host
// one call instead of one per operation, so small operations no longer wait for the host.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>

#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::comm {

class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  DeviceGraph() = default;
  DeviceGraph(const DeviceGraph&) = delete;
  DeviceGraph& operator=(const DeviceGraph&) = delete;

  // Queues the captured work on the current stream.
  virtual void replay() = 0;
};

// Whether work on `device` can be captured. CPUs queue nothing.
bool can_capture(at::Device device);

// Captures what `work` queues on the current stream and on streams that fork from it and join it again, the
// collectives of `communicator` among it; nothing of it runs. What has to hold:
//   - The current stream is an OwnStream's, and all earlier work that `work` depends on is queued on it.
//   - `work` has run on it before: libraries set themselves up then, which cannot be captured.
//   - `work` neither waits for the device nor reads from it, and numbers that change from replay to replay
//     are in tensors. `operands` are the tensors from outside that it reads and writes: the graph uses their
//     memory and keeps it alive.
//   - Every rank of `communicator` captures and replays alike, and the graph is dropped before it.
// Throws RunError with the reason when it fails. Then nothing has run, and the work can be done without.
std::unique_ptr<DeviceGraph> capture(const std::function<void()>& work, std::vector<at::Tensor> operands,
                                     Communicator& communicator);

// While it lives, what this thread queues on `device` goes to a stream of its own, after what it has queued
// before and ahead of what it queues afterwards. A device's default stream cannot be captured, and libtorch
// runs backward on the streams that were current when the model's leaves got their hooks. On a CPU it does
// nothing.
class OwnStream {
 public:
  explicit OwnStream(at::Device device);
  ~OwnStream();
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

 private:
  std::optional<c10::Stream> before_;
  std::optional<c10::Stream> own_;
};

}  // namespace zoetrope::comm
