// SPDX-License-Identifier: Apache-2.0
// Work that is queued on a device once and then replayed as a whole: a CUDA graph. A replay costs the host
// one call instead of one per operation, so small operations no longer wait for the host.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

namespace zoetrope::compute {

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

// Calls what it is given, which queues a captured graph; whoever follows the device takes note of it
// (comm::Communicator::launch_captured).
using GraphLauncher = std::function<void(const std::function<void()>& launch)>;

// Captures what `work` queues on the current stream and on streams that fork from it and join it again,
// collectives among it; nothing of it runs. What has to hold:
//   - The current stream is an OwnStream's, and all earlier work that `work` depends on is queued on it.
//   - `work` has run on it before: libraries set themselves up then, which cannot be captured.
//   - `work` neither waits for the device nor reads from it, and numbers that change from replay to replay
//     are in tensors. `operands` are the tensors from outside that it reads and writes: the graph uses their
//     memory and keeps it alive.
//   - Every rank of a communicator in it captures and replays alike, and the graph is dropped before that.
//   - Replays go through `launcher`.
// Throws RunError with the reason when it fails. Then nothing has run, and the work can be done without.
std::unique_ptr<DeviceGraph> capture(const std::function<void()>& work, std::vector<at::Tensor> operands,
                                     GraphLauncher launcher);

}  // namespace zoetrope::compute
