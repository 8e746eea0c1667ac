// SPDX-License-Identifier: Apache-2.0
// The double's place of libtorch's device: CPU tensors stand for device memory, and every process has a
// device.
#include <functional>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <unistd.h>

#include "zoetrope/comm/device_choice.hpp"
#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/compute/device_graph.hpp"

#include "capture.hpp"
#include "double.hpp"
#include "nccl/check.hpp"
#include "nccl/device_context.hpp"

namespace zoetrope::comm {
namespace {

using namespace nccl_double;

// In place of a CUDA graph. The CPU's computation cannot be captured, so a replay runs the captured work
// again, and must make the captured collectives. What a capture does to `operands` is undone, since on a
// device nothing runs then: work that writes elsewhere gives itself away.
class RunAgain final : public compute::DeviceGraph {
 public:
  RunAgain(std::function<void()> work, const std::vector<at::Tensor>& operands,
           compute::GraphLauncher launcher)
      : work_(std::move(work)), launcher_(std::move(launcher)) {
    std::vector<at::Tensor> before;
    for (const at::Tensor& operand : operands) before.push_back(operand.clone());
    cudaGraph_t graph = nullptr;
    ZT_CHECK_CUDA(cudaStreamBeginCapture(host_stream(), cudaStreamCaptureModeThreadLocal));
    try {
      work_();
    } catch (...) {
      cudaStreamEndCapture(host_stream(), &graph);
      if (graph != nullptr) cudaGraphDestroy(graph);
      throw;
    }
    ZT_CHECK_CUDA(cudaStreamEndCapture(host_stream(), &graph));
    for (std::size_t i = 0; i < operands.size(); ++i) operands[i].copy_(before[i]);
    const cudaError_t error = cudaGraphInstantiate(&exec_, graph, 0);
    cudaGraphDestroy(graph);
    ZT_CHECK_CUDA(error);
  }
  ~RunAgain() override { cudaGraphExecDestroy(exec_); }

  void replay() override {
    launcher_([this] {
      begin_expecting(exec_->groups);
      work_();
      end_expecting();
    });
  }

 private:
  std::function<void()> work_;
  compute::GraphLauncher launcher_;
  cudaGraphExec_t exec_ = nullptr;
};

}  // namespace

DeviceContext make_device_context(int ordinal) {
  return {at::Device(at::kCPU), ordinal, [] { return nccl_double::host_stream(); }};
}

}  // namespace zoetrope::comm

namespace zoetrope::comm::nccl_double {

namespace {
bool is_shared = false;
}  // namespace

void share_device(bool share) {
  is_shared = share;
}

}  // namespace zoetrope::comm::nccl_double

namespace zoetrope::compute {

DeviceQuery cuda_devices() {
  const std::string uuid = comm::nccl_double::is_shared ? "DOUBLE" : "DOUBLE-" + std::to_string(getpid());
  const Device device{0, "double", uuid, "", 0, {9, 0}};
  return {[device] { return std::vector<Device>{device}; }, ""};
}

at::Device tensor_device(const Device&) {
  return at::kCPU;
}

std::string cuda_libraries() {
  return "a double of CUDA";
}

bool can_capture(at::Device) {
  return true;
}

std::unique_ptr<DeviceGraph> capture(const std::function<void()>& work, std::vector<at::Tensor> operands,
                                     GraphLauncher launcher) {
  return std::make_unique<comm::RunAgain>(work, operands, std::move(launcher));
}

}  // namespace zoetrope::compute
