// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include <ATen/detail/CUDAHooksInterface.h>

#include "zoetrope/compute/cuda_check.hpp"
#include "zoetrope/compute/device.hpp"

namespace zoetrope::compute {
namespace {

std::string format_uuid(const cudaUUID_t& uuid) {
  std::string text = "GPU-";
  for (std::size_t i = 0; i < sizeof uuid.bytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    std::array<char, 3> byte{};
    std::snprintf(byte.data(), byte.size(), "%02x",
                  static_cast<unsigned>(static_cast<unsigned char>(uuid.bytes[i])));
    text += byte.data();
  }
  return text;
}

Device describe(int ordinal) {
  cudaDeviceProp properties{};
  ZT_CHECK_CUDA(cudaGetDeviceProperties(&properties, ordinal));
  std::array<char, 32> address{};
  ZT_CHECK_CUDA(cudaDeviceGetPCIBusId(address.data(), static_cast<int>(address.size()), ordinal));
  return {ordinal,
          properties.name,
          format_uuid(properties.uuid),
          address.data(),
          static_cast<std::int64_t>(properties.totalGlobalMem),
          {properties.major, properties.minor}};
}

}  // namespace

DeviceQuery cuda_devices() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    cudaGetLastError();  // forget it: libtorch would report it at its next call
    return {[] { return std::vector<Device>{}; }, cudaGetErrorString(error)};
  }
  return {[count] {
            std::vector<Device> devices;
            for (int ordinal = 0; ordinal < count; ++ordinal) devices.push_back(describe(ordinal));
            return devices;
          },
          "the driver lists none"};
}

at::Device tensor_device(const Device& device) {
  return {at::kCUDA, static_cast<c10::DeviceIndex>(device.ordinal)};
}

std::string cuda_libraries() {
  if (!at::detail::getCUDAHooks().compiledWithCuDNN()) return {};  // the wheel, where torch is one for CPUs
  int runtime = 0;
  ZT_CHECK_CUDA(cudaRuntimeGetVersion(&runtime));
  const long cudnn = at::detail::getCUDAHooks().versionRuntimeCuDNN();
  const auto dotted = [](long major, long minor) {
    return std::to_string(major) + "." + std::to_string(minor);
  };
  return "CUDA " + dotted(runtime / 1000, runtime % 1000 / 10) + ", cuDNN " +
         dotted(cudnn / 10000, cudnn % 10000 / 100);
}

}  // namespace zoetrope::compute
