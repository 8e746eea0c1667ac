// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>

#include "zoetrope/compute/device_graph.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::compute {
namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

class CudaGraph final : public DeviceGraph {
 public:
  CudaGraph(const std::function<void()>& work, std::vector<at::Tensor> operands, GraphLauncher launcher)
      : operands_(std::move(operands)), launcher_(std::move(launcher)) {
    // The graph has memory of its own for what lies between its operations; what runs without it gives its
    // own back for that.
    c10::cuda::device_synchronize();
    c10::cuda::CUDACachingAllocator::emptyCache();
    // Other threads go on meanwhile: the watchdog asks for events, a checkpoint's writer waits for a copy.
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      abandon();
      throw;
    }
    graph_.capture_end();
  }

  void replay() override {
    launcher_([this] { graph_.replay(); });
  }

 private:
  // Ends the stream's capture, which has become invalid.
  void abandon() noexcept {
    try {
      graph_.capture_end();
    } catch (const std::exception&) {  // says once more that the capture is invalid
    }
    cudaGetLastError();  // forget it: libtorch would report it at its next call
  }

  std::vector<at::Tensor> operands_;
  GraphLauncher launcher_;
  at::cuda::CUDAGraph graph_;
};

}  // namespace

bool can_capture(at::Device device) {
  return device.is_cuda();
}

std::unique_ptr<DeviceGraph> capture(const std::function<void()>& work, std::vector<at::Tensor> operands,
                                     GraphLauncher launcher) {
  try {
    return std::make_unique<CudaGraph>(work, std::move(operands), std::move(launcher));
  } catch (const c10::Error& error) {
    cudaGetLastError();
    throw RunError("CUDA graph: " + first_line(error.what_without_backtrace()));
  }
}

}  // namespace zoetrope::compute
