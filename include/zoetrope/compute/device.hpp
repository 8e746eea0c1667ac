// SPDX-License-Identifier: Apache-2.0
// The GPUs that this process sees, and the cores near them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace zoetrope::compute {

struct Device {
  int ordinal = 0;          // among those this process sees, as CUDA_VISIBLE_DEVICES leaves them
  std::string name;         // "NVIDIA H100 80GB HBM3"
  std::string uuid;         // "GPU-1c0d...": the same for every process that sees the device
  std::string pci_address;  // "0000:3b:00.0"
  std::int64_t memory_bytes = 0;
  std::pair<int, int> capability = {0, 0};  // CUDA's "compute capability", of an H100 9.0
};

// What the ranks are to compute on. kAuto: the GPUs where every rank has one of its own, else CPUs.
enum class DeviceChoice { kAuto, kCpu, kCuda };
inline constexpr std::array<std::pair<std::string_view, DeviceChoice>, 3> kDeviceChoices = {
    {{"auto", DeviceChoice::kAuto}, {"cpu", DeviceChoice::kCpu}, {"cuda", DeviceChoice::kCuda}}};

// How a process finds out about its devices: a plain struct, so that tests can give it any.
struct DeviceQuery {
  std::function<std::vector<Device>()> list;  // those this process sees
  std::string why_none;                       // why the list is empty: "no CUDA driver is installed"
};

// The CUDA runtime's answers; in a build without CUDA there is no device.
DeviceQuery cuda_devices();

// "CUDA 13.2, cuDNN 9.26": the libraries loaded; "" in a build without CUDA, and where libtorch is one.
std::string cuda_libraries();

// Where tensors of `device` live, as libtorch names it. (Tests' double of CUDA keeps them on the host.)
at::Device tensor_device(const Device& device);

// Restricts the calling thread, and threads it will start, to the cores near the device among those it may
// use; leaves them when the system does not tell or none is near. Returns the cores as a list, "0-15,32-47",
// or "". `sysfs` is where Linux tells ("/sys").
std::string bind_to_cores_near(const Device& device, const std::string& sysfs = "/sys");

}  // namespace zoetrope::compute
