// SPDX-License-Identifier: Apache-2.0
// The double's place of libtorch's device: CPU tensors stand for device memory, and every process has a
// device.
#include <unistd.h>

#include "zoetrope/comm/device.hpp"
#include "zoetrope/comm/nccl.hpp"

#include "double.hpp"
#include "nccl/device_context.hpp"

namespace zoetrope::comm {

DeviceContext make_device_context(int ordinal) {
  return {at::Device(at::kCPU), ordinal, [] { return nccl_double::host_stream(); }};
}

DeviceQuery cuda_devices() {
  const Device device{0, "double", "DOUBLE-" + std::to_string(getpid()), "", 0};
  return {[device] { return std::vector<Device>{device}; }, ""};
}

at::Device tensor_device(const Device&) {
  return at::kCPU;
}

std::string cuda_libraries() {
  return "a double of CUDA and NCCL " + nccl_version();
}

}  // namespace zoetrope::comm
