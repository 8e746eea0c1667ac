// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/device.hpp"
#include "zoetrope/comm/device_graph.hpp"
#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::comm {

namespace {

constexpr const char* kWithoutCuda = "this zoetrope was built without CUDA; build the preset cuda";

}  // namespace

std::unique_ptr<Communicator> make_nccl_communicator(World&, int, std::chrono::seconds) {
  throw RunError(std::string("no NCCL: ") + kWithoutCuda);
}

std::string nccl_version() {
  return "";
}

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

std::unique_ptr<DeviceGraph> capture(const std::function<void()>&, std::vector<at::Tensor>, Communicator&) {
  throw RunError(std::string("no CUDA graph: ") + kWithoutCuda);
}

}  // namespace zoetrope::comm
