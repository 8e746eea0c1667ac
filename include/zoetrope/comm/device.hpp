// SPDX-License-Identifier: Apache-2.0
// Which GPU a rank computes on, and the cores near it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/comm/world.hpp"

namespace zoetrope::comm {

struct Device {
  int ordinal = 0;          // among those this process sees, as CUDA_VISIBLE_DEVICES leaves them
  std::string name;         // "NVIDIA H100 80GB HBM3"
  std::string uuid;         // "GPU-1c0d...": the same for every process that sees the device
  std::string pci_address;  // "0000:3b:00.0"
  std::int64_t memory_bytes = 0;
};

// How a process finds out about its devices: a plain struct, so that tests can give it any.
struct DeviceQuery {
  std::function<std::vector<Device>()> list;  // those this process sees
  std::string why_none;                       // why the list is empty: "no CUDA driver is installed"
};

// The CUDA runtime's answers; in a build without CUDA there is no device.
DeviceQuery cuda_devices();

// "CUDA 13.2, cuDNN 9.26, NCCL 2.30.7": the libraries loaded; "" in a build without CUDA.
std::string cuda_libraries();

struct Place {
  std::string host;
  int local_rank = 0;

  static Place of(const World& world) { return {world.host(), world.local_rank()}; }
};

// The device of this rank: of the n devices it sees, number local_rank mod n, so that it works both where
// every rank sees all devices of its host and where each sees its own only, as Slurm's --gpus-per-task does.
// Collective over `control`. RunError, the same on every rank, when a rank sees no device or when two share
// one: the message has the numbers of ranks and GPUs of the host and says which ranks clash.
Device select_device(Communicator& control, const Place& place, const DeviceQuery& query);

// Where tensors of `device` live, as libtorch names it. (Tests' double of CUDA keeps them on the host.)
at::Device tensor_device(const Device& device);

// Whether every rank sees a device. Collective; what --device auto asks.
bool all_ranks_have_device(Communicator& control, const DeviceQuery& query);

// Restricts the calling thread, and threads it will start, to the cores near the device among those it may
// use; leaves them when the system does not tell or none is near. Returns the cores as a list, "0-15,32-47",
// or "". `sysfs` is where Linux tells ("/sys").
std::string bind_to_cores_near(const Device& device, const std::string& sysfs = "/sys");

}  // namespace zoetrope::comm
