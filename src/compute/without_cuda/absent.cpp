// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/device.hpp"
#include "zoetrope/compute/device_graph.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::compute {

namespace {

constexpr const char* kWithoutCuda = "this zoetrope was built without CUDA; build the preset cuda";

}  // namespace

DeviceQuery cuda_devices() {
  return {[] { return std::vector<Device>{}; }, kWithoutCuda};
}

at::Device tensor_device(const Device&) {
  throw RunError(kWithoutCuda);
}

std::string cuda_libraries() {
  return "";
}

bool can_capture(at::Device) {
  return false;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): as in compute/device_graph.hpp
std::unique_ptr<DeviceGraph> capture(const std::function<void()>&, std::vector<at::Tensor>, GraphLauncher) {
  throw RunError(std::string("no CUDA graph: ") + kWithoutCuda);
}

}  // namespace zoetrope::compute
