// SPDX-License-Identifier: Apache-2.0
// Collectives over device tensors by NCCL, on a stream of their own. A collective starts when what the caller
// has queued on its current stream so far is done; wait() makes the then current stream wait for its end. No
// call here waits for the device. A blocking collective is the asynchronous one and wait().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "zoetrope/comm/communicator.hpp"

#include "argument_check.hpp"
#include "nccl/cuda_handle.hpp"
#include "nccl/device_channel.hpp"
#include "nccl/device_context.hpp"
#include "nccl/nccl_handle.hpp"
#include "watchdog/activity.hpp"

namespace zoetrope::comm {

class NcclCommunicator final : public Communicator {
 public:
  // `control` connects the same ranks on the host: it carries shapes and barriers. `id` and `label` name the
  // group for `watch`. Work objects must not outlive the communicator.
  NcclCommunicator(std::unique_ptr<Communicator> control, DeviceContext context,
                   const std::shared_ptr<Activity>& watch, std::unique_ptr<NcclHandle> handle,
                   std::shared_ptr<CommunicationStream> stream, std::uint64_t id, const std::string& label);
  ~NcclCommunicator() override;
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  int rank() const override { return control_->rank(); }
  int size() const override { return control_->size(); }
  std::string backend() const override { return "nccl"; }
  void broadcast(at::Tensor tensor, int root) override;
  void all_reduce(at::Tensor tensor, ReduceOp op) override;
  void reduce(at::Tensor tensor, int root, ReduceOp op) override;
  at::Tensor gather(const at::Tensor& piece, int root) override;
  at::Tensor all_gather(const at::Tensor& piece) override;
  // Of the ranks' host threads; what they have queued on their devices may still run.
  void barrier() override;
  std::unique_ptr<Work> all_reduce_async(at::Tensor tensor, ReduceOp op) override;
  // Waits for the device: NCCL wants nothing under way on a communicator that is split.
  std::unique_ptr<Communicator> split(int color) override;
  void register_buffer(const at::Tensor& tensor) override;
  void launch_captured(const std::function<void()>& launch) override;

 private:
  // Queues `calls(comm, stream)` as one NCCL group. `tensors` stay alive until the work is waited for.
  template <typename Calls>
  std::unique_ptr<Work> launch(const char* operation, std::vector<at::Tensor> tensors, Calls calls);
  std::vector<PieceShape> exchange_shapes(const at::Tensor& piece, const char* operation);

  std::unique_ptr<Communicator> control_;
  DeviceContext context_;
  std::shared_ptr<Activity> watch_;
  std::uint64_t splits_ = 0;
  Activity::Channel host_channel_;
  std::shared_ptr<EventPool> events_;
  std::shared_ptr<CommunicationStream> stream_;
  std::unique_ptr<NcclHandle> handle_;
  std::unique_ptr<DeviceChannel> device_channel_;
  std::vector<std::pair<void*, at::Tensor>> registrations_;
};

// Shares NCCL's id over `control` and connects its ranks, each with its device. Collective. RunError when
// some rank does not come within `timeout`.
std::unique_ptr<Communicator> connect_nccl(std::unique_ptr<Communicator> control, DeviceContext context,
                                           const std::shared_ptr<Activity>& watch,
                                           std::chrono::milliseconds timeout);

}  // namespace zoetrope::comm
